# A line on stderr for each auxiliary operator; here the first ones.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
MODELEXPORT_AUX_OPS_DEBUG=1 "$MODELEXPORT" export model.onnx out.onnx --quiet 2>&1 | head -n 12
