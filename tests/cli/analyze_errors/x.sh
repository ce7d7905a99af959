cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" analyze bert_tiny.onnx --output-format xml
echo "exit $?"
"$MODELEXPORT" analyze bert_tiny.onnx --filter-tag ''
echo "exit $?"
"$MODELEXPORT" analyze absent.onnx
echo "exit $?"
"$MODELEXPORT" analyze bert_tiny.onnx --output-file absent/out.txt
echo "exit $?"
"$MODELEXPORT" analyze bert_tiny.onnx --output-file bert_tiny.onnx
echo "exit $?"
"$MODELEXPORT" analyze --help
