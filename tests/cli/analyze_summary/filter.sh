# Whole steps; any part of a name; the auxiliary operators; nothing.
cp "$SAMPLES/bert_tiny.onnx" .
for text in attention/self word_emb auxiliary Nowhere; do
    "$MODELEXPORT" analyze bert_tiny.onnx --filter-tag "$text"
    echo "exit $?"
done
