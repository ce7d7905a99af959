cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" analyze bert_tiny.onnx --output-format json --filter-tag encoder.layer.1.output --output-file out.json
cat out.json
