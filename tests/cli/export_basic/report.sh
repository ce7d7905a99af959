# The report, without its times.
export SOURCE_DATE_EPOCH=0
cp "$SAMPLES/resnet_thin.onnx" model.onnx
"$MODELEXPORT" export model.onnx out.onnx --with-report --quiet
sed -E 's/^(\| [a-z_]+ \|) [0-9.]+ \|/\1 T |/; s/^(\| Version \|) .*/\1 V |/' out_htp_export_report.md
