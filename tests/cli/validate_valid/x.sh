# An untagged model is valid, and so is a tagged one with all that was written beside it.
cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" validate bert_tiny.onnx
echo "exit $?"
"$MODELEXPORT" export bert_tiny.onnx tagged.onnx --with-graphml --quiet
"$MODELEXPORT" validate tagged.onnx --check-consistency --output-file report.json
echo "exit $?"
cat report.json
