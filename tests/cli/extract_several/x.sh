# Several modules: a list, one file each, or one for all.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag intermediate one.onnx
echo "exit $?"
"$MODELEXPORT" extract model.onnx --tag intermediate --all --output-dir parts
"$MODELEXPORT" extract model.onnx --tag intermediate --union both.onnx
ls . parts
