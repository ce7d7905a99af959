# Metadata that is no module tree: the message names the file and the key.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
for text in '{' '[]' '{}' '{"modules": {}}' '{"modules": {"class_name": 3}}' '{"modules": {"children": []}}' \
    '{"modules": {"children": {"a": 1}}}' '{"modules": {"class_name": "M", "execution_order": -1}}'; do
    echo "$text" >m.json
    "$MODELEXPORT" export model.onnx out.onnx --metadata m.json
    echo "exit $?"
done
"$MODELEXPORT" export model.onnx out.onnx --metadata none.json
echo "exit $?"
"$MODELEXPORT" export model.onnx "$SAMPLES/bert_tiny.onnx" --output-dir out --metadata m.json
echo "exit $?"
ls
