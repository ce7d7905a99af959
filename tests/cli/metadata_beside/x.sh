# The JSON beside a model tells of the modules where the model has no tags; one that cannot be read is left out.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" export model.onnx clean.onnx --no-hierarchy-attrs
"$MODELEXPORT" extract clean.onnx --tag encoder.layer.1 part.onnx
"$MODELEXPORT" analyze clean.onnx --filter-tag pooler
echo '{"modules": []}' >clean_htp_metadata.json
"$MODELEXPORT" extract clean.onnx --tag encoder.layer.1 again.onnx
echo "exit $?"
cmp part.onnx again.onnx
