"""XML as a Java serializer writes it: what a reader would change is written as a reference."""
from __future__ import annotations

import re

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
ATTRIBUTE_ESCAPES = ESCAPES | {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}

TEXT_SPECIALS = re.compile("[&<>\r]")
ATTRIBUTE_SPECIALS = re.compile("[&<>\r\"\t\n]")
BEYOND_ASCII = re.compile("[\x7f-\U0010ffff]")


class XmlWriter:
    """Elements one after the other; `indent` None puts all of them in one line.

    Whitespace goes between elements only, never into the text of one.
    """

    def __init__(self, indent: str | None, ascii_only: bool) -> None:
        self._indent = indent
        self._ascii_only = ascii_only
        self._open: list[str] = []
        self._parts: list[str] = []

    def declaration(self, text: str) -> None:
        self._parts.append(text)

    def comment(self, text: str) -> None:
        self._new_line()
        self._parts.append(f"<!--{text}-->")

    def open(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self._new_line()
        self._parts.append(f"<{name}{self._attributes(attributes)}>")
        self._open.append(name)

    def close(self) -> None:
        name = self._open.pop()
        self._new_line()
        self._parts.append(f"</{name}>")

    def empty(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self._new_line()
        self._parts.append(f"<{name}{self._attributes(attributes)}/>")

    def leaf(self, name: str, attributes: dict[str, str], text: str) -> None:
        if not text:
            self.empty(name, attributes)
            return
        self._new_line()
        self._parts.append(f"<{name}{self._attributes(attributes)}>{self._text(text)}</{name}>")

    def mixed(self, name: str, attributes: dict[str, str], text: str, children: list[tuple[str, list | dict]]) -> None:
        """A text, and elements right behind it: each with the elements within it, or with its attributes."""
        inner = "".join(
            f"<{child}{self._attributes(given)}/>" if isinstance(given, dict) else
            f"<{child}>{''.join(f'<{leaf}{self._attributes(own)}/>' for leaf, own in given)}</{child}>"
            for child, given in children
        )
        self._new_line()
        self._parts.append(f"<{name}{self._attributes(attributes)}>{self._text(text)}{inner}</{name}>")

    def cdata(self, name: str, attributes: dict[str, str], text: str) -> None:
        self._new_line()
        safe = text.replace("]]>", "]]]]><![CDATA[>")
        self._parts.append(f"<{name}{self._attributes(attributes)}><![CDATA[{safe}]]></{name}>")

    def bytes(self) -> bytes:
        return "".join([*self._parts, "\n"]).encode()

    def _new_line(self) -> None:
        if self._indent is not None:
            self._parts.append("\n" + self._indent * len(self._open))

    def _attributes(self, attributes: dict[str, str] | None) -> str:
        if not attributes:
            return ""
        escaped = ((name, ATTRIBUTE_SPECIALS.sub(lambda m: ATTRIBUTE_ESCAPES[m[0]], value))
                   for name, value in attributes.items())
        return "".join(f' {name}="{self._characters(value)}"' for name, value in escaped)

    def _text(self, text: str) -> str:
        return self._characters(TEXT_SPECIALS.sub(lambda m: ESCAPES[m[0]], text))

    def _characters(self, text: str) -> str:
        if not self._ascii_only:
            return text
        return BEYOND_ASCII.sub(lambda m: f"&#{ord(m[0])};", text)
