cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" export bert_tiny.onnx tagged.onnx --quiet
"$MODELEXPORT" analyze tagged.onnx --output-format csv --filter-tag encoder.layer.1.output
