# Untouched, a part gives back the model, to the byte.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag encoder.layer.1 part.onnx
"$MODELEXPORT" replace model.onnx --tag encoder.layer.1 part.onnx back.onnx
"$MODELEXPORT" compare model.onnx back.onnx
cmp model.onnx back.onnx
