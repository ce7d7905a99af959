"$MODELEXPORT" export-graphml absent.onnx -o x.graphml
code=$?
ls
exit $code
