cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag pooler model.onnx
code=$?
cmp "$SAMPLES/resnet_thin.onnx" model.onnx
exit $code
