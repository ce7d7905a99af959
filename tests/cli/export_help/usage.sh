# Wrong usage.
"$MODELEXPORT" export model.onnx
"$MODELEXPORT" export a.onnx b.onnx c.onnx
"$MODELEXPORT" export a.onnx b.onnx --opset-version 5
"$MODELEXPORT" export a.onnx b.onnx --strategy best
