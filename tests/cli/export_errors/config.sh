# A bad configuration names its key.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
for config in '{"opset": 17}' '{"opset_version": 3}' '{"input_names": ["a", "b"]}' '{"export_params": false}' '{"input_specs": {"x": {}}}' '{'; do
    echo "$config" >config.json
    "$MODELEXPORT" export model.onnx out.onnx --config config.json
    echo "exit $?"
done
ls
