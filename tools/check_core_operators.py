"""Which operators that PyTorch calls "core" the export does not know: each must stand in docs/operators.md with its reason.

usage: check_core_operators.py [native_functions.yaml]      (default: the one that the torch package brings along)

MODELEXPORT is the program, default build/modelexport. The exit code is 1 where the two do not agree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("MODELEXPORT", str(ROOT / "build" / "modelexport"))


def core(path: Path) -> set[str]:
    found = set()
    for function in yaml.safe_load(path.read_text()):
        tags = function.get("tags", [])
        if "core" in ([tags] if isinstance(tags, str) else tags):
            base, _, overload = function["func"].split("(", 1)[0].partition(".")
            found.add(f"aten.{base}.{overload or 'default'}")
    return found


def known() -> set[str]:
    listing = subprocess.run([PROGRAM, "export", "--list-ops"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in listing.splitlines() if line.strip()}


def explained() -> set[str]:
    text = (ROOT / "docs" / "operators.md").read_text()
    lines = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `aten.")]
    return {name for line in lines for name in re.findall(r"`([^`]+)`", line)}


def main() -> int:
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
    else:
        import torchgen

        path = Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
    wanted, rows, reasons = core(path), known(), explained()
    silent, needless = sorted(wanted - rows - reasons), sorted(reasons & rows | reasons - wanted)
    print(f"{len(wanted)} core operators: {len(wanted & rows)} have a rule, {len(wanted & reasons)} a reason")
    for name in silent:
        print(f"neither a rule nor a reason: {name}")
    for name in needless:
        print(f"a reason that is not needed: {name}")
    return 1 if silent or needless else 0


if __name__ == "__main__":
    sys.exit(main())
