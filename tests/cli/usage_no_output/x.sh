"$MODELEXPORT" export-graphml "$SAMPLES/resnet_thin.onnx"
