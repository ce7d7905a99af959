# The report on an edit, before and after by the model that was exported: beside the file, elsewhere, another one, none.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export -q model.onnx tagged.onnx
"$MODELEXPORT" export-graphml -q tagged.onnx -o x.graphml
sed -i -e 's/"ceil_mode": 0, //' -e 's/"kernel_shape": \[3, 3\], "pads": \[1, 1, 1, 1\], "strides": \[2, 2\]/"kernel_shape": [5, 5], "pads": [2, 2, 2, 2], "strides": [2, 2]/' x.graphml
"$MODELEXPORT" import-onnx x.graphml y.onnx --report r.json
cat r.json
mkdir far && mv tagged.onnx far/first.onnx
"$MODELEXPORT" import-onnx -q x.graphml y.onnx --report far.json --source far/first.onnx
diff r.json far.json
cp model.onnx tagged.onnx
"$MODELEXPORT" import-onnx -q x.graphml y.onnx --report r.json && grep source r.json
rm tagged.onnx y.onnx r.json
"$MODELEXPORT" import-onnx -q x.graphml y.onnx --report r.json --source model.onnx
echo "exit $?"; ls
"$MODELEXPORT" import-onnx -q x.graphml y.onnx --source far/first.onnx
echo "exit $?"
"$MODELEXPORT" import-onnx -q x.graphml y.onnx --report r.json && grep source r.json
