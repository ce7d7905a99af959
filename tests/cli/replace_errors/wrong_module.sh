# The part of one layer does not fit in the place of the other.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag encoder.layer.1 part.onnx --quiet
"$MODELEXPORT" replace model.onnx --tag encoder.layer.0 part.onnx back.onnx
code=$?
ls
exit $code
