"$MODELEXPORT" compare --help
