"""Running the program, and what has to be true of every run."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROGRAM = os.environ.get("MODELEXPORT", str(Path(__file__).resolve().parents[2] / "build" / "modelexport"))

SECONDS = 5.0  # no run on a small input may take longer,
MEMORY_KB = 300_000  # or more memory than this


def has_sanitizer() -> bool:
    """Whether the program has an allocator of its own, that of a sanitizer."""
    listing = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=False).stdout
    return "libasan" in listing or "libclang_rt" in listing


class Result(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    memory_kb: int

    def expect_bounded(self) -> "Result":
        """It ended by itself, soon, in little memory."""
        assert self.code >= 0, f"ended by {signal.Signals(-self.code).name}: {self.stderr!r}"
        assert self.seconds < SECONDS, f"took {self.seconds:.1f} s"
        assert self.memory_kb < MEMORY_KB, f"took {self.memory_kb} KB"
        return self

    def expect_success(self) -> "Result":
        self.expect_bounded()
        assert self.code == 0, f"exit {self.code}: {self.stderr!r}"
        assert self.stderr == b"", f"a success, and yet on stderr: {self.stderr!r}"
        return self

    def expect_error(self, *codes: int) -> "Result":
        """One of the exit codes, and one sentence on stderr."""
        self.expect_bounded()
        assert self.code in codes, f"exit {self.code}, not {codes}: {self.stderr!r}"
        assert self.stdout == b"", f"an error, and yet on stdout: {self.stdout!r}"
        assert self.stderr.startswith(b"modelexport: ") and self.stderr.endswith(b"\n"), f"on stderr: {self.stderr!r}"
        assert self.stderr.count(b"\n") == 1, f"not one line: {self.stderr!r}"
        return self

    @property
    def message(self) -> str:
        return self.stderr.decode(errors="backslashreplace")


def wait(process: subprocess.Popen, limit: float) -> tuple[int, int]:
    """The exit code and the peak memory of a process; one that takes too long is killed."""
    end = time.monotonic() + limit
    pause = 0.0005
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_maxrss
        if time.monotonic() > end:
            process.kill()
            end = float("inf")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.05)


def run(
    *arguments: object, environment: Mapping[str, str] | None = None, limit: float = 60, stdout: str | None = None
) -> Result:
    """Run the program; `stdout` is a file to write to instead."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        target = open(stdout, "wb", buffering=0) if stdout else out
        began = time.monotonic()
        process = subprocess.Popen(
            [PROGRAM, *(os.fsencode(str(a)) for a in arguments)],
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=err,
            env={**os.environ, **(environment or {})},
        )
        code, memory_kb = wait(process, limit)
        seconds = time.monotonic() - began
        if stdout:
            target.close()
        out.seek(0)
        err.seek(0)
        return Result(code, out.read(), err.read(), seconds, memory_kb)


def export(model: Path, graphml: Path, *options: object, **named: object) -> Result:
    return run("export-graphml", model, "-o", graphml, *options, **named)


def import_(graphml: Path, model: Path, *options: object, **named: object) -> Result:
    return run("import-onnx", graphml, model, *options, **named)
