cp "$SAMPLES/resnet_thin.onnx" .
"$MODELEXPORT" render resnet_thin.onnx picture.png
code=$?
ls
exit $code
