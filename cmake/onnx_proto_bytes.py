#!/usr/bin/env python3
"""Write a .proto file again with every field of type `string` as `bytes`.

usage: onnx_proto_bytes.py IN.proto OUT.proto

protobuf-c reads a `string` field as a C string: it would cut it at an embedded NUL. As `bytes` it
keeps the length, and the wire format of the two types is the same. All else, comments included,
stays as it is.
"""

import re
import sys

TOKEN = re.compile(
    r"""
    (?P<space>   \s+ | //[^\n]* | /\*.*?\*/ )
  | (?P<literal> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
  | (?P<word>    [A-Za-z_][\w.]* )
  | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)

# What can stand before the type of a field: its label, or, inside a oneof, the end of what came before.
BEFORE_TYPE = {"optional", "required", "repeated", "{", ";", "}", "]"}


def tokens(text):
    """The tokens of a .proto file: (kind, text), which put together give the file again."""
    return [(m.lastgroup, m.group()) for m in TOKEN.finditer(text)]


def strings_to_bytes(text):
    """The text with its string fields as bytes, and how many there were."""
    parts = tokens(text)
    code = [i for i, (kind, _) in enumerate(parts) if kind != "space"]
    words = [parts[i][1] for i in code]
    count = 0
    for at, i in enumerate(code):
        if parts[i] != ("word", "string"):
            continue
        before = words[at - 1] if at else ""
        name, equals = (words[at + 1 : at + 3] + ["", ""])[:2]
        if before in BEFORE_TYPE and name.isidentifier() and equals == "=":
            parts[i] = ("word", "bytes")
            count += 1
        elif name == "=":
            continue  # a field that is called "string"
        else:
            line = "".join(t for _, t in parts[:i]).count("\n") + 1
            raise ValueError(f"line {line}: a `string` that is not the type of a plain field")
    return "".join(t for _, t in parts), count


def main(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    with open(argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    try:
        text, count = strings_to_bytes(text)
    except ValueError as error:
        sys.exit(f"{argv[1]}: {error}")
    if not count:
        sys.exit(f"{argv[1]}: no field of type string: is this onnx-ml.proto?")
    with open(argv[2], "w", encoding="utf-8", newline="") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv)
