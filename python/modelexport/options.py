"""The few options that matter here; all of them are passed on to the program, which checks them."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from .errors import INPUT, USAGE, Failure


class Options(NamedTuple):
    model: str
    output: str
    rest: list[str]  # as given
    input_text: str | None
    input_shape: list[int] | None
    temp_dir: str | None
    specs: dict[str, dict[str, Any]]  # the configuration's input_specs
    verbose: bool


def value_of(arguments: list[str], name: str) -> str | None:
    """What stands behind `name`, or behind `name=`; the last one counts."""
    found = None
    for i, argument in enumerate(arguments):
        if argument.startswith(name + "="):
            found = argument[len(name) + 1:]
        elif argument == name and i + 1 < len(arguments):
            found = arguments[i + 1]
    return found


def parse_shape(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        raise Failure(USAGE, f"'{text}' is no value for --input-shape, which takes sizes with commas between") from None


def read_specs(path: str | None) -> dict[str, dict[str, Any]]:
    if path is None:
        return {}
    try:
        specs = json.loads(Path(path).read_text(encoding="utf-8")).get("input_specs") or {}
    except (OSError, ValueError, AttributeError) as error:
        raise Failure(INPUT, f"{path}: cannot be read: {error}") from None
    if not isinstance(specs, dict) or not all(isinstance(s, dict) for s in specs.values()):
        raise Failure(INPUT, f"{path}: \"input_specs\" is not an object of objects")
    return specs


def parse(arguments: list[str]) -> Options:
    if len(arguments) < 3 or arguments[0] != "export" or arguments[1].startswith("-") or arguments[2].startswith("-"):
        raise Failure(USAGE, "usage: python -m modelexport export MODEL OUTPUT.onnx [OPTIONS of 'modelexport export']")
    rest = arguments[3:]
    return Options(arguments[1], arguments[2], rest, value_of(rest, "--input-text"),
                   parse_shape(value_of(rest, "--input-shape")), value_of(rest, "--temp-dir"),
                   read_specs(value_of(rest, "--config")), "-v" in rest or "--verbose" in rest)
