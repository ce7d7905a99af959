"""The two tables of the corpus: name -> builder.

A builder is a function without arguments that returns a `Sample`, or just the model's bytes. Its
name is the model's name. A *family* is a generator function of (suffix, sample) pairs whose
models are called NAME_SUFFIX.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """A model and the files beside it, by path (bytes: a path need not be UTF-8)."""

    model: bytes
    files: dict[bytes, bytes] = field(default_factory=dict)


Builder = Callable[[], Sample | bytes]
Family = Callable[[], Iterator[tuple[str, Sample | bytes]]]


class Table:
    """Builders in the order of their definition."""

    def __init__(self) -> None:
        self._builders: dict[str, Builder] = {}
        self._families: dict[str, Family] = {}

    def model(self, builder: Builder) -> Builder:
        self._claim(builder.__name__)
        self._builders[builder.__name__] = builder
        return builder

    def family(self, family: Family) -> Family:
        self._claim(family.__name__)
        self._families[family.__name__] = family
        return family

    def samples(self) -> Iterator[tuple[str, Sample]]:
        """Every sample with its name; built as they are asked for."""
        for name, builder in self._builders.items():
            yield name, _as_sample(builder())
        for name, family in self._families.items():
            for suffix, sample in family():
                yield f"{name}_{suffix}", _as_sample(sample)

    def _claim(self, name: str) -> None:
        if name in self._builders or name in self._families:
            raise ValueError(f"two models are called {name}")


def _as_sample(built: Sample | bytes) -> Sample:
    return built if isinstance(built, Sample) else Sample(built)


CANONICAL = Table()
NONCANONICAL = Table()
