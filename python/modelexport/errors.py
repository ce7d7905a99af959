"""Errors, each with the exit code that the program has for it."""
from __future__ import annotations

USAGE, INPUT, UNSUPPORTED, OUTPUT = 2, 3, 4, 5


class Failure(Exception):
    """One sentence for the user, and the exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def first_line(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
