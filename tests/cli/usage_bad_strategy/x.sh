"$MODELEXPORT" export-graphml "$SAMPLES/resnet_thin.onnx" -o x.graphml --strategy cloud
