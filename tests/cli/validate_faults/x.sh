# A tag for no module, a stale name, and a tag that differs between file and metadata.
cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" export bert_tiny.onnx tagged.onnx --quiet
sed -i 's|/main_graph/embeddings/LayerNorm|/main_graph/embeddings/LayerNorN|g' tagged.onnx
sed -i 's|"/pooler/Constant"|"/pooler/Gone"|g' tagged_htp_metadata.json
sed -i 's|"/pooler/activation/Tanh": "[^"]*"|"/pooler/activation/Tanh": "/main_graph/encoder"|' tagged_htp_metadata.json
"$MODELEXPORT" validate tagged.onnx --check-consistency --output-file report.json
echo "exit $?"
cat report.json
"$MODELEXPORT" validate tagged.onnx --check-consistency --quiet
