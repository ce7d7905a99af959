"$MODELEXPORT" render nothing.onnx picture.html
