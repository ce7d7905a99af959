cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" compare model.onnx
echo "exit $?"
"$MODELEXPORT" compare model.onnx absent.onnx
echo "exit $?"
"$MODELEXPORT" compare model.onnx model.onnx --output-file none/d.json
echo "exit $?"
echo '<graphml' >g.graphml
"$MODELEXPORT" compare model.onnx g.graphml --output-file d.json
echo "exit $?"
ls
