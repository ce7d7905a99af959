"$MODELEXPORT" export-graphml "$SAMPLES/resnet_thin.onnx" -o nowhere/x.graphml
