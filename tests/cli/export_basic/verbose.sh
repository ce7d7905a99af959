# With -v each step is told.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export -v model.onnx out.onnx --opset-version 18
