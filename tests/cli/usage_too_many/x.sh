"$MODELEXPORT" import-onnx a.graphml b.onnx c.onnx
