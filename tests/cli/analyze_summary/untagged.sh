# A model without tags is shown with the modules that can be inferred.
cp "$SAMPLES/bert_tiny.onnx" .
"$MODELEXPORT" analyze bert_tiny.onnx
