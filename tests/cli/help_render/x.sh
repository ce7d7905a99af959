"$MODELEXPORT" render --help
