"""A metadata JSON (`modules`, nested from the root) from a flat list of a source program's modules.

The list is what a program that knows the source writes: {"modules": [{"name": dotted, "class", "module_path",
"is_torch_nn", "execution_order", "calls", "tag"}, ...]}, the root first.

    metadata_from_modules.py MODULES.json [OUT.json]
"""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def entry(module: dict[str, Any]) -> dict[str, Any]:
    source = module["module_path"].rpartition(".")[0]
    return {
        "class_name": module["class"],
        "module_type": "torch.nn" if module["is_torch_nn"] else source,
        "traced_tag": module["tag"],
        "scope": module["name"],
        "execution_order": module["execution_order"],
        "calls": len(module["calls"]),
        "children": {},
    }


def key_of(module: dict[str, Any], taken: dict[str, Any]) -> str:
    """The last part of the module's tag, with its name behind it where a sibling has that key."""
    last = module["name"].rpartition(".")[2]
    key = module["class"] + (f".{last}" if last.isdigit() else "")
    return f"{key}@{last}" if key in taken else key


def metadata(modules: list[dict[str, Any]]) -> dict[str, Any]:
    by_name = {module["name"]: entry(module) for module in modules}
    for module in modules:
        if module["name"]:
            children = by_name[module["name"].rpartition(".")[0]]["children"]
            children[key_of(module, children)] = by_name[module["name"]]
    return {"modules": by_name[""]}


def main() -> None:
    text = json.dumps(metadata(json.loads(Path(sys.argv[1]).read_text())["modules"]), indent=1)
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
