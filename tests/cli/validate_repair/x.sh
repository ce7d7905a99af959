# Tags and metadata are mended; what was there before stays as .bak.
cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" export bert_tiny.onnx tagged.onnx --quiet
cp tagged.onnx whole.onnx
sed -i 's|/main_graph/embeddings/LayerNorm|/main_graph/embeddings/LayerNorN|g' tagged.onnx
sed -i 's|"/pooler/activation/Tanh": "[^"]*"|"/pooler/activation/Tanh": "/main_graph/encoder"|' tagged_htp_metadata.json
"$MODELEXPORT" validate tagged.onnx --check-consistency --repair
echo "exit $?"
cmp tagged.onnx whole.onnx
"$MODELEXPORT" validate tagged.onnx --check-consistency --repair
echo "exit $?"
ls
