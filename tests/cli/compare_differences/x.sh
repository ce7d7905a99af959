"$MODELEXPORT" export-graphml -q "$SAMPLES/resnet_thin.onnx" -o x.graphml
sed -i 's/"strides": \[1, 1\]/"strides": [2, 2]/; s#/pooler/GlobalAveragePool<#/pooler/Pool<#' x.graphml
"$MODELEXPORT" compare "$SAMPLES/resnet_thin.onnx" x.graphml --output-file d.json
code=$?
cat d.json
exit $code
