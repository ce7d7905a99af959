# A line on stderr for each auxiliary operator.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
MODELEXPORT_AUX_OPS_DEBUG=1 "$MODELEXPORT" export model.onnx out.onnx --quiet
