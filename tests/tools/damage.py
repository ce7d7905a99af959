"""Spoiled files by the thousand: running the program on them, and what may come of it."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.program import Result, export, import_
from tools.wire_meaning import same_model


def prefixes(data: bytes) -> Iterator[bytes]:
    """All beginnings of a file, without the file itself."""
    return (data[:size] for size in range(len(data)))


def spoiled(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`count` copies in which about 1 % of the bytes, and one at least, are others."""
    dice = random.Random(seed)
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(max(1, len(data) // 100)):
            copy[dice.randrange(len(copy))] = dice.randrange(256)
        yield bytes(copy)


def nothing_written(folder: Path, before: set[str]) -> None:
    left = set(os.listdir(folder)) - before
    assert not left, f"an error, and yet there is {left}"


def refused(result: Result, folder: Path, before: set[str]) -> bool:
    """True for a clean error; what is neither that nor a success fails the test."""
    result.expect_bounded()
    if result.code == 0:
        return False
    result.expect_error(3)
    nothing_written(folder, before)
    return True


def try_model(data: bytes, folder: Path) -> None:
    """Export a model; if it can be read, it must come back."""
    model, graphml, back = folder / "model.onnx", folder / "model.graphml", folder / "back.onnx"
    model.write_bytes(data)
    if refused(export(model, graphml, "--no-layout"), folder, {"model.onnx"}):
        return
    import_(graphml, back).expect_success()
    assert same_model(back.read_bytes(), data), "the model that came back is another one"


def try_graphml(data: bytes, sidecar: bytes, folder: Path) -> None:
    """Import a GraphML file; if it can be read, a model comes out that can be read."""
    graphml, back = folder / "model.graphml", folder / "back.onnx"
    graphml.write_bytes(data)
    (folder / "model.onnxdata").write_bytes(sidecar)
    if refused(import_(graphml, back), folder, {"model.graphml", "model.onnxdata"}):
        return
    export(back, folder / "again.graphml", "--no-layout").expect_success()


def try_sidecar(data: bytes, graphml: bytes, model: bytes, folder: Path) -> None:
    """Import with a sidecar; if it is taken, the model must be the right one, to the byte."""
    (folder / "model.graphml").write_bytes(graphml)
    (folder / "model.onnxdata").write_bytes(data)
    back = folder / "back.onnx"
    if not refused(import_(folder / "model.graphml", back), folder, {"model.graphml", "model.onnxdata"}):
        assert back.read_bytes() == model, "a spoiled sidecar was taken, and the model is another one"


def on_each(files: Iterable[bytes], test: Callable[[bytes, Path], None]) -> int:
    """Run `test` on each file in an empty folder of its own, several at a time; how many there were."""

    def alone(numbered: tuple[int, bytes]) -> None:
        number, data = numbered
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            try:
                test(data, Path(folder))
            except AssertionError as error:
                raise AssertionError(f"file {number}: {error}\n{data[:2000]!r}") from error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(1 for _ in pool.map(alone, enumerate(files)))
