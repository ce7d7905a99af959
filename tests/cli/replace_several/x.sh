# In the place of several modules only what --union cut out fits.
cp "$SAMPLES/bert_tiny.onnx" model.onnx
"$MODELEXPORT" extract model.onnx --tag intermediate --union both.onnx
"$MODELEXPORT" replace model.onnx --tag intermediate both.onnx back.onnx
echo "exit $?"
"$MODELEXPORT" replace model.onnx --tag intermediate --union both.onnx back.onnx
echo "exit $?"
cmp model.onnx back.onnx
"$MODELEXPORT" replace model.onnx both.onnx back.onnx
echo "exit $?"
"$MODELEXPORT" replace model.onnx --tag none both.onnx back2.onnx
echo "exit $?"
"$MODELEXPORT" replace model.onnx --tag encoder.layer.0 absent.onnx back2.onnx
echo "exit $?"
"$MODELEXPORT" replace model.onnx --tag intermediate --union both.onnx none/back.onnx
echo "exit $?"
"$MODELEXPORT" replace --help
ls
