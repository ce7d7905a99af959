echo '<graphml' >x.graphml
"$MODELEXPORT" import-onnx x.graphml y.onnx
code=$?
ls
exit $code
