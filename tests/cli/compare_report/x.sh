# Tags are metadata of nodes: a tagged model differs from what it was made of, and by no more than them.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export model.onnx tagged.onnx --hierarchy-attrs minimal --quiet
"$MODELEXPORT" compare model.onnx tagged.onnx --output-file d.json --exit-zero | tail -n 4
head -n 4 d.json
tail -n 4 d.json
"$MODELEXPORT" compare tagged.onnx tagged.onnx --output-file d.json
echo "exit $?"
cat d.json
