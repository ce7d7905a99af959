# What is not ONNX input says so, each with its exit code.
export MODELEXPORT_PYTHON=no-such-python
for model in m.pt2 m.pt m.py prajjwal1/bert-tiny m.graphml m.onnx; do
    "$MODELEXPORT" export $model out.onnx
    echo "exit $?"
done
