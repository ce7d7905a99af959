cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag encoder.layer.0.intermediate intermediate.onnx
"$MODELEXPORT" extract model.onnx --tag embeddings/LayerNorm norm.onnx
"$MODELEXPORT" extract model.onnx --tag pooler --quiet pooler.onnx
ls
