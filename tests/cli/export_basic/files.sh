# What an export writes, and what it says; the JSON without its times.
export SOURCE_DATE_EPOCH=0
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export model.onnx out.onnx --with-report --with-graphml
ls
sed -E 's/(seconds|export_time)": [0-9.]+/\1": T/; s/"version": "[^"]*"/"version": "V"/' out_htp_metadata.json
