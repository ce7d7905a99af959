"""The progress bar: on a terminal only, and gone when the command ends."""
from __future__ import annotations

import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from tools.program import PROGRAM, run

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "bert_tiny.onnx"


def on_a_terminal(*arguments: object) -> tuple[int, str]:
    """The exit code, and what the program wrote to stderr, which is a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave) as p:
        os.close(slave)
        written = b""
        while select.select([master], [], [], 20)[0]:
            try:
                piece = os.read(master, 4096)
            except OSError:  # EIO: the other end is closed
                break
            if not piece:
                break
            written += piece
        code = p.wait(timeout=20)
    os.close(master)
    return code, written.decode()


def shown(written: str) -> str:
    """What is left on the line where the program wrote, as a terminal shows it."""
    return written.rsplit("\r\033[K", 1)[-1] if "\033[K" in written else written


def test_a_bar_that_is_wiped(tmp_path: Path) -> None:
    code, written = on_a_terminal("export", SAMPLE, tmp_path / "out.onnx", "--with-graphml")
    assert code == 0
    stages = [piece for piece in written.split("\r") if piece.startswith("[")]
    percents = [int(piece.split("]")[1].split("%")[0]) for piece in stages]
    assert len(stages) >= 4 and percents == sorted(percents) and percents[0] == 0 and percents[-1] < 100
    assert all(len(piece.split("]")[0]) == 31 for piece in stages)
    assert any("node_tagging" in piece for piece in stages)
    assert written.endswith("\r\033[K") and shown(written) == ""


@pytest.mark.parametrize("option", ["--quiet", "-q"])
def test_none_when_quiet(option: str, tmp_path: Path) -> None:
    assert on_a_terminal("export", SAMPLE, tmp_path / "out.onnx", option) == (0, "")


def test_none_in_a_file(tmp_path: Path) -> None:
    run("export", SAMPLE, tmp_path / "out.onnx").expect_success()  # which wants stderr empty


def test_messages_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    code, written = on_a_terminal("export", SAMPLE, tmp_path / "none" / "out.onnx")
    assert code == 5
    assert shown(written).startswith("modelexport: ") and shown(written).count("\n") == 1
    code, written = on_a_terminal("export", SAMPLE, tmp_path / "out.onnx", "--verbose")
    lines = [shown(line) for line in written.split("\n") if "modelexport: " in line]
    assert code == 0 and len(lines) >= 4 and all(line.startswith("modelexport: ") for line in lines)
