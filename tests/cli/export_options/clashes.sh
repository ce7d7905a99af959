# Names that clash: two outputs of one name, an output over the input's weights, a folder in the way.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
mkdir sub
cp model.onnx sub/model.onnx
"$MODELEXPORT" export model.onnx sub/model.onnx --output-dir out
echo "exit $?"
touch file
"$MODELEXPORT" export model.onnx --output-dir file
echo "exit $?"
mkdir folder.onnx
"$MODELEXPORT" export model.onnx folder.onnx
echo "exit $?"
echo other >out.onnx.data
"$MODELEXPORT" export model.onnx out.onnx --external-data
echo "exit $?"
cat out.onnx.data
ls
cmp model.onnx "$SAMPLES/resnet_thin.onnx"
