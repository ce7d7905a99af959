cp "$SAMPLES/resnet_thin.onnx" .
"$MODELEXPORT" render resnet_thin.onnx picture.svg --depth deep
code=$?
ls
exit $code
