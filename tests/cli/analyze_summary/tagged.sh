cp "$SAMPLES/resnet_thin.onnx" .
"$MODELEXPORT" export resnet_thin.onnx tagged.onnx --quiet
"$MODELEXPORT" analyze tagged.onnx
