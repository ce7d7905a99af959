"""Trace a model, save it as .pt2, and let the program export that."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from .errors import INPUT, OUTPUT, UNSUPPORTED, Failure, first_line
from .options import Options, parse


def binary() -> str:
    """The program: $MODELEXPORT_BINARY, else the one in PATH."""
    named = os.environ.get("MODELEXPORT_BINARY")
    found = named or shutil.which("modelexport")
    if not found:
        raise Failure(UNSUPPORTED, "the program modelexport is not in PATH: set MODELEXPORT_BINARY")
    return found


def save_program(options: Options, path: Path) -> None:
    try:
        import torch
    except ImportError:
        raise Failure(UNSUPPORTED, "needs PyTorch: pip install torch transformers") from None
    from . import models

    torch.manual_seed(0)  # sample inputs are the same each time
    traceable = models.load(options)
    try:
        program = torch.export.export(traceable.model.eval(), traceable.args, traceable.kwargs, strict=False)
    except Exception as error:
        raise Failure(UNSUPPORTED, f"cannot be traced by torch.export: {first_line(error)}") from error
    try:
        torch.export.save(program, path)
    except OSError as error:
        raise Failure(OUTPUT, f"{path}: cannot be written: {error.strerror}") from error


def run(options: Options) -> int:
    program = binary()
    stem = Path(options.model.rstrip("/")).name
    try:
        folder = tempfile.TemporaryDirectory(prefix="modelexport-", dir=options.temp_dir)
    except OSError as error:
        raise Failure(OUTPUT, f"{options.temp_dir}: cannot hold temporary files: {error.strerror}") from error
    with folder as place:
        saved = Path(place) / f"{stem.removesuffix('.py')}.pt2"
        save_program(options, saved)
        code = subprocess.run([program, "export", str(saved), options.output, *options.rest], check=False).returncode
    return code if code >= 0 else INPUT


def main(arguments: list[str]) -> int:
    verbose = "-v" in arguments or "--verbose" in arguments
    if not verbose:
        warnings.filterwarnings("ignore")
    try:
        return run(parse(arguments))
    except Failure as failure:
        if verbose:
            traceback.print_exc()
        about = f"{arguments[1]}: " if len(arguments) > 1 and failure.code != 2 else ""
        print(f"modelexport: {about}{failure}", file=sys.stderr)
        return failure.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
