"$MODELEXPORT" import-onnx --help
