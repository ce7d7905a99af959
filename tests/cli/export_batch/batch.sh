# One that fails does not stop the rest.
cp "$SAMPLES/resnet_thin.onnx" "$SAMPLES/bert_tiny.onnx" .
echo 'no model' >bad.onnx
"$MODELEXPORT" export bert_tiny.onnx bad.onnx resnet_thin.onnx --output-dir out
echo "exit $?"
ls out
