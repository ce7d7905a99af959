# The report on an edit: an attribute, the name of a group, a label, an edge that was drawn elsewhere, an operator deleted.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export -q model.onnx tagged.onnx
"$MODELEXPORT" export-graphml -q tagged.onnx -o x.graphml
"$MODELEXPORT" import-onnx x.graphml same.onnx --report same.json
cat same.json
cmp tagged.onnx same.onnx && echo "the same bytes"
sed -i -e 's/"ceil_mode": 0, //' \
    -e 's/<data key="n18">pooler</<data key="n18">Pooler</' \
    -e 's/>GlobalAveragePool<\/y:NodeLabel>/>Pool<\/y:NodeLabel>/' x.graphml
"$MODELEXPORT" import-onnx x.graphml y.onnx --validate --report r.json
cat r.json
"$MODELEXPORT" import-onnx x.graphml y.onnx --report no/such/folder.json
