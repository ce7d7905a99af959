"$MODELEXPORT" export-graphml -q "$SAMPLES/resnet_thin.onnx" -o x.graphml
printf 'X' | dd of=x.onnxdata bs=1 seek=20000 conv=notrunc 2>/dev/null
"$MODELEXPORT" import-onnx x.graphml y.onnx
code=$?
ls
exit $code
