"$MODELEXPORT" export --help
