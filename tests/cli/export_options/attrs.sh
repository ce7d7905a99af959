# Where tags are put, and that the JSON has them all the same.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
for how in "--hierarchy-attrs metadata" "--hierarchy-attrs minimal" "--hierarchy-attrs attribute" --no-hierarchy-attrs --clean-onnx; do
    "$MODELEXPORT" export model.onnx out.onnx $how
    echo "hierarchy_tag $(grep -ac hierarchy_tag out.onnx), hierarchy_path $(grep -ac hierarchy_path out.onnx)"
    grep -c primary_path out_htp_metadata.json
done
cmp model.onnx out.onnx
"$MODELEXPORT" analyze out.onnx --filter-tag encoder.stages.0 | head -n 5
