"""Odd ONNX models, written byte by byte, for tests of losslessness.

`generate.py OUTDIR` writes them all. The models are functions in two tables (see `registry`):
canonical encodings, which must come back as the same bytes, and non-canonical ones, which must
come back as an equal message.
"""
