# What a saved program cannot have, each with its exit code.
cp "$SAMPLES/../tests/torch/tagged.pt2" .
head -c 20000 tagged.pt2 >short.pt2
mkdir folder
for options in 'tagged.pt2 out.onnx --metadata tree.json' 'tagged.pt2 folder/out.onnx --external-data source' 'short.pt2 out.onnx' 'none.pt2 out.onnx'; do
    "$MODELEXPORT" export $options
    echo "exit $?"
done
echo '{"dynamic_axes": {"ids": {"1": "length"}}}' >config.json
"$MODELEXPORT" export tagged.pt2 out.onnx --config config.json
echo "exit $?"
ls . folder
