# Outputs that cannot be written leave nothing behind.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
mkdir out_htp_metadata.json
"$MODELEXPORT" export model.onnx out.onnx
echo "exit $?"
"$MODELEXPORT" export model.onnx none/out.onnx
echo "exit $?"
"$MODELEXPORT" export model.onnx model.onnx
echo "exit $?"
ls
cmp model.onnx "$SAMPLES/resnet_thin.onnx"
