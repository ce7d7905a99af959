cp "$SAMPLES/resnet_thin.onnx" model.svg
"$MODELEXPORT" render model.svg model.svg
code=$?
cmp model.svg "$SAMPLES/resnet_thin.onnx"
exit $code
