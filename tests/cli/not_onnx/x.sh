echo 'this is no model' >model.onnx
"$MODELEXPORT" export-graphml model.onnx -o x.graphml
code=$?
ls
exit $code
