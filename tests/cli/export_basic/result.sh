# The result on stdout, without times and memory.
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export model.onnx out.onnx --result - --profile | sed -E 's/(_time|memory_peak_usage)": [0-9.]+/\1": N/'
