cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag pooler none/out.onnx
