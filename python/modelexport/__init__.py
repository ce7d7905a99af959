"""The Python side of modelexport: makes .pt2 files of models that only Python can read, and hands them to the program.

    python -m modelexport export MODEL OUTPUT.onnx [OPTIONS of `modelexport export`]
"""

__version__ = "0.1.0"
