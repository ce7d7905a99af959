# A saved program becomes a tagged model, with the same files beside it as any other.
cp "$SAMPLES/../tests/torch/tagged.pt2" .
export SOURCE_DATE_EPOCH=0
"$MODELEXPORT" export tagged.pt2 out.onnx --opset-version 17 --with-report --with-graphml --result out.json -v
echo "exit $?"
ls
grep -c . out_hierarchy.json
! grep -l /home/someone *.json *.md *.graphml *.onnx
