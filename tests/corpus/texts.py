"""Texts that a format in between may spoil, in every place where a model holds text."""
from __future__ import annotations

from collections.abc import Iterator

from corpus.build import (attribute, dim, entry, graph, model, model_of, node, opset, tensor, tensor_type,
                          untyped, value)
from corpus.registry import CANONICAL
from corpus.wire import encode

NASTY_TEXTS: dict[str, bytes] = {
    "empty": b"",
    # Whitespace, which XML readers and editors trim or normalise.
    "space": b" ",
    "outer_spaces": b"  both sides  ",
    "leading_newline": b"\nnext line",
    "trailing_newline": b"line\n",
    "tab": b"a\tb",
    "outer_tab": b"\ta\t",
    "lf": b"a\nb\n\nc",
    "crlf": b"a\r\nb\r\n",
    "cr": b"a\rb",
    "only_cr": b"\r",
    "no_break_space": "\u00a0a\u00a0".encode(),
    "em_space": "\u2003a\u2003".encode(),
    "next_line": "a\u0085b".encode(),
    "line_separators": "a\u2028b\u2029c".encode(),
    # Text that means something in XML or in yEd.
    "xml_specials": b"<a b=\"c\" d='e'>&amp;</a>",
    "cdata_end": b"a]]>b]]]]>>",
    "cdata": b"<![CDATA[x]]>",
    "char_reference": b"&#13;&#x0A;&lt;",
    "comment": b"<!-- a -- b -->",
    "processing_instruction": b"<?xml version=\"1.0\"?>",
    "html": b"<html><b>bold</b>",
    "yed_id": b"n0::n1",
    # Text that looks like JSON, or like an escape of the format itself.
    "begins_quote": b"\"quoted\" or not",
    "lone_quote": b"\"",
    "begins_brace": b"{not json",
    "begins_bracket": b"[1, 2",
    "json_string": b"\"a\\u0041\"",
    "json_object": b"{\"type\": \"INTS\", \"value\": [1]}",
    "json_base64": b"{\"base64\": \"AAEC\"}",
    "json_list": b"[\"a\", \"b\"]",
    "json_null": b"null",
    "json_true": b"true",
    "json_number": b"-1.5e3",
    "backslashes": b"\\u0000 \\n \\\\ \\x00",
    "space_before_brace": b" {\"a\": 1}",
    # Characters that XML lacks.
    "nul": b"a\0b",
    "nul_first": b"\0ab",
    "nul_last": b"ab\0",
    "only_nul": b"\0",
    "controls": bytes(range(1, 32)),
    "control_one": b"a\x01b",
    "escape": b"\x1b[31mred\x1b[0m",
    "delete": b"a\x7fb",
    "c1_controls": "".join(map(chr, range(0x80, 0xA0))).encode(),
    "fffe": "a\ufffeb".encode(),
    "ffff": "a\uffffb".encode(),
    # Bytes that are not UTF-8.
    "surrogate_bytes": b"a\xed\xa0\x80b",
    "surrogate_pair_bytes": b"\xed\xa0\xbd\xed\xb8\x80",
    "overlong_nul": b"\xc0\x80",
    "overlong_slash": b"\xe0\x80\xaf",
    "beyond_unicode": b"\xf4\x90\x80\x80",
    "lone_continuation": b"a\x80b",
    "cut_short": b"a\xe2\x82",
    "latin1": b"caf\xe9",
    "utf16_mark": b"\xff\xfe",
    # Unicode that must not be normalised, trimmed or counted wrongly.
    "byte_order_mark": "\ufeffa".encode(),
    "emoji": "\U0001f469\u200d\U0001f52c \U0001f600".encode(),
    "last_character": "\U0010ffff\U0001ffff".encode(),
    "composed": "\u00e9".encode(),
    "decomposed": "e\u0301".encode(),
    "right_to_left": "\u202ea\u202c \u05d0".encode(),
    "replacement": "\ufffd".encode(),
    "ignorable": "a\u200bb\u00ad".encode(),
    # Text that means something to a program.
    "path_up": b"../../etc/passwd",
    "percent": b"%s%n%d",
    "ampersand_quote": b"&\"'",
    "excel": b"_x000D_",
    "slashes": b"//a//b/",
    "long": b"a" * 70_000,
    "long_mixed": "\u00e9<\r\"\U0001f600 ".encode() * 5_400,
}

TEXT_LIMIT = 8_000_000  # bytes; a longer text has to go on in a further key


def model_full_of(text: bytes) -> bytes:
    """A model with `text` in every string field there is, alone or with something around it.

    Value names get a suffix, so that the graph stays connected whatever the text is.
    """
    return model(
        _graph(text),
        producer_name=text,
        producer_version=text,
        domain=text,
        doc_string=text,
        opset_import=[opset(21), opset(1, text)],
        metadata_props=[entry(text, text), entry("k", text), entry(text, "v")],
        training_info=[encode("TrainingInfoProto", initialization_binding=[entry(text, text)])],
        functions=[_function(text)],
        configuration=[encode("DeviceConfigurationProto", name=text, num_devices=2, device=[text, text])],
    )


def _graph(text: bytes) -> bytes:
    typed = encode("TypeProto", denotation=text,
                   tensor_type=encode("TypeProto.Tensor", elem_type=1, shape=_shape(text)))
    opaque = encode("TypeProto", opaque_type=encode("TypeProto.Opaque", domain=text, name=text))
    return graph(
        *_nodes(text),
        name=text,
        doc_string=text,
        input=[value(text + b"x", typed, doc_string=text, metadata_props=[entry(text, text)]),
               value(text + b"opaque", opaque)],
        output=[value(text + b"y", typed), value(text, typed)],
        value_info=[value(text + b"h"), untyped(text)],
        initializer=[tensor(text + b"w", doc_string=text, metadata_props=[entry(text, text)]), tensor(text)],
        metadata_props=[entry(text, text)],
        quantization_annotation=[encode(
            "TensorAnnotation", tensor_name=text, quant_parameter_tensor_names=[entry(text, text)])],
    )


def _shape(text: bytes) -> bytes:
    return encode("TensorShapeProto", dim=[dim(text), dim(text, denotation=text), dim(3, denotation=text)])


def _nodes(text: bytes) -> list[bytes]:
    sharding = encode("ShardingSpecProto", tensor_name=text)
    device = encode("NodeDeviceConfigurationProto", configuration_id=text, sharding_spec=[sharding])
    return [
        node(text, [text + b"x", text + b"w", text], [text + b"h"], name=text, domain=text, overload=text,
             doc_string=text, attributes=_attributes(text), metadata_props=[entry(text, text)],
             device_configurations=[device]),
        node("Relu", [text + b"h"], [text + b"y"], name=text + b"/Relu"),
        node(text, [text + b"y"], [text + b"z"], domain=text),
    ]


def _attributes(text: bytes) -> list[bytes]:
    body = graph(node("Identity", [text + b"x"], [text], name=text), name=text, output=[value(text)])
    return [
        attribute(text, 3, s=text, doc_string=text),
        attribute("string", 3, s=text),
        attribute("strings", 8, strings=[text, b"", text]),
        attribute(text + b"int", 2, i=1),
        attribute("ref", 3, ref_attr_name=text),
        attribute("body", 5, g=body),
        attribute("tensor", 4, t=tensor(text, doc_string=text)),
    ]


def _function(text: bytes) -> bytes:
    return encode(
        "FunctionProto", name=text, domain=text, overload=text, doc_string=text,
        input=[text + b"x"], output=[text], attribute=[text, text + b"a"],
        attribute_proto=[attribute(text + b"b", 3, s=text)],
        node=[node("Identity", [text + b"x"], [text], name=text)],
        opset_import=[opset(21), opset(1, text)],
        value_info=[value(text)],
        metadata_props=[entry(text, text)],
    )


@CANONICAL.family
def text() -> Iterator[tuple[str, bytes]]:
    for label, nasty in NASTY_TEXTS.items():
        yield label, model_full_of(nasty)


@CANONICAL.family
def text_limit() -> Iterator[tuple[str, bytes]]:
    """Texts around the length at which they are cut, also with a character upon the cut."""
    for size in (TEXT_LIMIT, TEXT_LIMIT + 1):
        yield f"ascii_{size}", _documented("d" * size)
    yield "two_byte_characters", _documented("a" + "\u00e9" * (TEXT_LIMIT // 2))
    yield "four_byte_characters", _documented("abc" + "\U0001f600" * (TEXT_LIMIT // 4))
    yield "escaped_characters", _documented("&<>" * (TEXT_LIMIT // 3 + 1))
    yield "control_characters", _documented("\x01" * (TEXT_LIMIT // 4))
    long_text = "s" * (TEXT_LIMIT + 1)
    yield "attribute", _documented(None, attributes=[attribute("s", 3, s=long_text)])
    yield "metadata", _documented(None, metadata_props=[entry("k", long_text), entry("l", "v")])


def _documented(doc_string: str | None, **node_fields: list[bytes]) -> bytes:
    return model_of(node("Relu", ["x"], ["y"], doc_string=doc_string, **node_fields))


@CANONICAL.model
def text_of_every_kind_in_one_node() -> bytes:
    """All the texts in one list and as the keys of one another, where quoting meets quoting."""
    texts = [text for text in NASTY_TEXTS.values() if len(text) < 1000]
    attributes = [attribute(text, 3, s=other) for text, other in zip(texts, reversed(texts))]
    return model(graph(
        node("Foo", ["x", *texts], ["y", *(text + b"!" for text in texts)],
             attributes=[*attributes, attribute("all", 8, strings=texts)],
             metadata_props=[entry(text, other) for text, other in zip(texts, reversed(texts))]),
        input=[value("x"), *(untyped(text) for text in texts)],
        output=[value("y"), *(untyped(text + b"!") for text in texts)],
        initializer=[tensor(text) for text in texts[::3]],
        value_info=[value("s", tensor_type(1, texts))],
    ))
