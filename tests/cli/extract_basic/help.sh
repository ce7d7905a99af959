"$MODELEXPORT" extract --help
"$MODELEXPORT" replace --help
