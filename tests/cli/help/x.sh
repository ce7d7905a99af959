"$MODELEXPORT" --help
