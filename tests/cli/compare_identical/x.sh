"$MODELEXPORT" export-graphml -q "$SAMPLES/bert_tiny.onnx" -o x.graphml
"$MODELEXPORT" compare "$SAMPLES/bert_tiny.onnx" x.graphml
