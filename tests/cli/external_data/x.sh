"$MODELEXPORT" export-graphml "$SAMPLES/resnet_thin.onnx" -o x.graphml
"$MODELEXPORT" import-onnx x.graphml x.onnx --external-data
"$MODELEXPORT" compare "$SAMPLES/resnet_thin.onnx" x.onnx
ls
