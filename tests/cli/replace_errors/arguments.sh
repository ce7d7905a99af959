"$MODELEXPORT" replace model.onnx --tag encoder.layer.0 part.onnx
