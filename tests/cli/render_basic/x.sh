cp "$SAMPLES/resnet_thin.onnx" .
"$MODELEXPORT" render resnet_thin.onnx picture.svg
"$MODELEXPORT" render resnet_thin.onnx picture.html
ls
head -c 38 picture.svg
grep -c '<g class="f01">' picture.svg
head -n 1 picture.html
