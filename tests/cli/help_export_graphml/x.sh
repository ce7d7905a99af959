"$MODELEXPORT" export-graphml --help
