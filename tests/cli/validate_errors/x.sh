cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" validate absent.onnx
echo "exit $?"
"$MODELEXPORT" validate bert_tiny.onnx --metadata absent.json
echo "exit $?"
"$MODELEXPORT" export-graphml bert_tiny.onnx -o g.graphml --quiet
"$MODELEXPORT" validate g.graphml --repair
echo "exit $?"
"$MODELEXPORT" export bert_tiny.onnx tagged.onnx --quiet
echo '{"modules": {"class_name": "A"}, "nodes": 1}' >tagged_htp_metadata.json
"$MODELEXPORT" validate tagged.onnx --check-consistency
echo "exit $?"
"$MODELEXPORT" validate tagged.onnx --quiet
echo "exit $?"
"$MODELEXPORT" validate bert_tiny.onnx --output-file absent/report.json
echo "exit $?"
"$MODELEXPORT" validate --help
