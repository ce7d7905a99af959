"$MODELEXPORT" export-graphml -q "$SAMPLES/resnet_thin.onnx" -o x.graphml
sed -i '/<edge id="e5"/,/<\/edge>/d' x.graphml
"$MODELEXPORT" import-onnx x.graphml y.onnx
code=$?
ls
exit $code
