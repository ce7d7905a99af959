"$MODELEXPORT" export-graphml -q "$SAMPLES/resnet_thin.onnx" -o x.graphml --collapse-depth 1
grep -c 'yfiles.foldertype="folder"' x.graphml
grep -c 'yfiles.foldertype="group"' x.graphml
"$MODELEXPORT" import-onnx -q x.graphml y.onnx && cmp y.onnx "$SAMPLES/resnet_thin.onnx"
