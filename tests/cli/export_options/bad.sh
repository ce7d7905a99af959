# Values that options do not take; nothing is written.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
for option in --strategy=best --strategy --opset-version=13 --opset-version=24 --opset-version=x --hierarchy-attrs=some \
    --input-shape=1,,2 --input-shape=1,-2 --with-report=yes --temp-dir; do
    "$MODELEXPORT" export model.onnx out.onnx "$option"
    echo "exit $?"
done
"$MODELEXPORT" export model.onnx
echo "exit $?"
"$MODELEXPORT" export model.onnx a.onnx b.onnx
echo "exit $?"
"$MODELEXPORT" export model.onnx out.onnx --temp-dir none
echo "exit $?"
"$MODELEXPORT" export model.onnx out.onnx --config none.json
echo "exit $?"
"$MODELEXPORT" export model.onnx out.onnx --strategy fx
echo "exit $?"
"$MODELEXPORT" export model.onnx out.onnx --external-data source --output-dir folder model.onnx
echo "exit $?"
ls
