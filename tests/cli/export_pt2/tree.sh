# Every operator in its module, calls told apart.
"$MODELEXPORT" export "$SAMPLES/../tests/torch/tagged.pt2" out.onnx --opset-version 18 -q
"$MODELEXPORT" analyze out.onnx --output-format csv | cut -d, -f1-5
