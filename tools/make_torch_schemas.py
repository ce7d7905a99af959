#!/usr/bin/env python3
"""Write torch_io/schemas.inc: what arguments the operators of ATen take, from torch's published schemas.

usage: make_torch_schemas.py OUTPUT [native_functions.yaml]      (default: the one that the torch package brings along)

A row an overload, sorted by target; those that write to a given tensor (out=), that belong to training or to fused
optimisers are left out. The text of a row: arguments separated by ",", each NAME:TYPE[=DEFAULT]; "*" before a name:
keywords from here on. TYPE is a letter, then [] or [N] for a list, ? where None may be given, and for tensors
! (is changed in place) or & (the result may share its storage):
    T tensor  I int  F float  B bool  S number of any kind  s string  D dtype  L layout  M memory format  V device  G generator
    X anything else
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

LETTERS = {"Tensor": "T", "int": "I", "SymInt": "I", "float": "F", "bool": "B", "Scalar": "S", "str": "s",
           "ScalarType": "D", "Layout": "L", "MemoryFormat": "M", "Device": "V", "Generator": "G",
           "DeviceIndex": "I", "Storage": "X", "Stream": "X", "Dimname": "X", "DimnameList": "X"}
NAMED = {"Mean": "1", "True": "1", "False": "0", "contiguous_format": "1", "long": "7"}  # long: TensorProto's INT64
SKIPPED = re.compile(r"^(_foreach_|_fused_(adam|sgd|adagrad|moving|dropout)|_amp_|_cudnn_|_?mkldnn_|miopen_|_mps_|_test_|_nested_|_sparse_|_validate_)"
                     r"|_backward|_backward_|backward$|_grad_|_jvp$")
ARGUMENT = re.compile(r"(?P<kind>[A-Za-z]+)(?:\((?P<alias>[^)]*)\))?(?P<rest>[\[\]0-9?]*) (?P<name>\w+)(?:=(?P<default>.*))?$")


def default_text(kind: str, text: str) -> str:
    if text[0] in "'\"":
        body = text[1:-1].replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")
        if "," in body:
            raise SystemExit(f"a comma in the default {text}")
        return body
    if text in NAMED:
        return NAMED[text]
    if text == "None":
        return "None"
    if text.startswith("["):
        return text.replace(",", ";").replace(" ", "")
    if not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text):
        raise SystemExit(f"a default that is not known here: {kind} {text}")
    return text


def argument_text(text: str) -> str:
    m = ARGUMENT.match(text)
    if not m or m["kind"] not in LETTERS:
        raise SystemExit(f"an argument that is not known here: {text}")
    alias = m["alias"] or ""
    mark = "!" if "!" in alias else "&" if alias else ""
    out = f"{m['name']}:{LETTERS[m['kind']]}{m['rest']}{mark}"
    return out if m["default"] is None else f"{out}={default_text(m['kind'], m['default'])}"


def arguments_text(text: str) -> str:
    parts, keyword = [], ""
    for part in re.split(r", (?![^\[]*\])", text) if text else []:
        if part == "*":
            keyword = "*"
            continue
        parts.append(keyword + argument_text(part))
        keyword = ""
    return ",".join(parts)


def rows(functions: list) -> dict:
    found = {}
    for function in functions:
        schema = function["func"]
        name, rest = schema.split("(", 1)
        arguments = rest[:rest.rindex(") ->")]
        base, _, overload = name.partition(".")
        if SKIPPED.search(base) or re.search(r"\*, .*\(\w!\) \w*out\d*\b|\(\w!\)(\[\])? out\b", arguments):
            continue
        tags = function.get("tags", [])
        tags = [tags] if isinstance(tags, str) else tags
        found[f"aten.{base}.{overload or 'default'}"] = (arguments_text(arguments), "core" in tags)
        # Twins that change nothing and return what the original changes.
        for twin in function.get("autogen", "").split(", "):
            if twin.endswith("_functional") and not SKIPPED.search(twin):
                found[f"aten.{twin}.default"] = (arguments_text(re.sub(r"\(\w!\)", "", arguments)), False)
    return found


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> None:
    import yaml

    if len(sys.argv) > 2:
        path = Path(sys.argv[2])
    else:
        import torchgen

        path = Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
    found = rows(yaml.safe_load(path.read_text()))
    lines = ["/* Made by tools/make_torch_schemas.py from native_functions.yaml; do not edit. */"]
    lines += [f"{{{quote(target)}, {quote(text)}, {int(core)}}}," for target, (text, core) in sorted(found.items())]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
