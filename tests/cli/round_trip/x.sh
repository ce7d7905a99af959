cp "$SAMPLES/resnet_thin.onnx" model.onnx
for strategy in sidecar embedded reference; do
    "$MODELEXPORT" export-graphml model.onnx -o $strategy.graphml --strategy $strategy &&
        "$MODELEXPORT" import-onnx $strategy.graphml $strategy.onnx --validate && cmp model.onnx $strategy.onnx || exit
done
ls
