mkdir a b && cp "$SAMPLES/resnet_thin.onnx" a/model.onnx
"$MODELEXPORT" export-graphml a/model.onnx -o b/x.graphml --strategy reference
code=$?
ls b
exit $code
