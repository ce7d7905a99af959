"""What a model carries besides its graph: sparse weights, training, quantization, devices, metadata."""
from __future__ import annotations

from corpus.build import (attribute, entry, graph, int64s, model, model_of, node, opset, tensor,
                          tensor_type, value)
from corpus.registry import CANONICAL
from corpus.wire import encode

# Duplicate keys, empty and missing ones, in an order that is not the alphabet's.
METADATA = [
    entry("z", "1"), entry("a", "2"), entry("z", "1"), entry("z", "3"), entry("", "empty key"), entry("", ""),
    entry("empty value", ""), entry("no value", None), entry(None, "no key"), b"",
    entry("json", "{\"a\": [1, 2]}"), entry("line\r\nbreak", "line\r\nbreak"), entry("type", "type"),
]


@CANONICAL.model
def sparse_initializers() -> bytes:
    """Used, unused, nameless, with dims in other forms, with half of their parts missing."""
    def sparse(name: str | None, **fields: object) -> bytes:
        return encode("SparseTensorProto", values=tensor(name), **fields)

    return model_of(
        node("MatMul", ["x", "s"], ["h"]), node("Foo", ["h", "both"], ["y"]),
        sparse_initializer=[
            sparse("s", indices=int64s(None, 0, 3), dims=[5]),
            sparse("unused", indices=int64s("indices", 0, 0, 1, 1), dims=[2, 2]),
            sparse(None, indices=int64s(None, 1), dims=[2**62]), sparse("both"), sparse("s"),
            encode("SparseTensorProto", indices=int64s(None, 1)), encode("SparseTensorProto", dims=[0, -1]), b"",
        ],
        initializer=[tensor("both")])


@CANONICAL.model
def sparse_output() -> bytes:
    """A graph output that is a sparse initializer, and a sparse one that is also an input."""
    sparse = [encode("SparseTensorProto", values=tensor(name), indices=int64s(None, 0, 1), dims=[4])
              for name in ("y", "x")]
    return model_of(node("Relu", ["x"], ["h"]), sparse_initializer=sparse)


@CANONICAL.model
def training_info() -> bytes:
    """Several entries: full, empty, without graphs, with bindings of values that are not there."""
    step = graph(node("Sub", ["w", "gradient"], ["w_new"]), name="step", input=[value("gradient")],
                 output=[value("w_new")], initializer=[tensor("rate", [0.1])])
    start = graph(node("Constant", [], ["w0"], attributes=[attribute("value", 4, t=tensor(None))]), name="start",
                  output=[value("w0")])
    infos = [
        encode("TrainingInfoProto", initialization=start, algorithm=step, initialization_binding=[entry("w", "w0")],
               update_binding=[entry("w", "w_new"), entry("nobody", "nothing"), entry("w", "w_new")]),
        b"",
        encode("TrainingInfoProto", initialization=b"", algorithm=b""),
        encode("TrainingInfoProto", initialization_binding=METADATA, update_binding=METADATA),
        encode("TrainingInfoProto", algorithm=step),
    ]
    main = graph(node("Add", ["x", "w"], ["y"]), name="main", input=[value("x")], output=[value("y")],
                 initializer=[tensor("w")])
    return model(main, training_info=infos)


@CANONICAL.model
def training_info_without_graph() -> bytes:
    algorithm = graph(node("Relu", ["a"], ["b"]), name="alone", input=[value("a")], output=[value("b")])
    return model(None, training_info=[encode("TrainingInfoProto", algorithm=algorithm)])


@CANONICAL.model
def quantization_annotations() -> bytes:
    """For values, weights, nobody; twice; with odd keys."""
    def annotation(name: str | None, *pairs: bytes) -> bytes:
        return encode("TensorAnnotation", tensor_name=name, quant_parameter_tensor_names=pairs)

    usual = [entry("SCALE_TENSOR", "scale"), entry("ZERO_POINT_TENSOR", "zero")]
    return model_of(
        node("Add", ["x", "w"], ["y"]), initializer=[tensor("w"), tensor("scale", [0.1]), int64s("zero", 0)],
        quantization_annotation=[
            annotation("y", *usual), annotation("w", *usual), annotation("nobody", entry("SCALE_TENSOR", "nobody")),
            annotation("y"), annotation(None, *METADATA), annotation(""), b"",
        ])


def sharding() -> bytes:
    """A sharding spec with every field, dims by value, by symbol and by neither."""
    def simple(**fields: object) -> bytes:
        return encode("SimpleShardedDimProto", **fields)

    dims = [
        encode("ShardedDimProto", axis=0, simple_sharding=[
            simple(dim_value=8, num_shards=2), simple(dim_param="n", num_shards=4), simple(num_shards=1), b""]),
        encode("ShardedDimProto", axis=-1), b"",
    ]
    groups = [encode("IntIntListEntryProto", key=-1, value=[0, 1]), encode("IntIntListEntryProto", key=2),
              encode("IntIntListEntryProto", value=[-(2**63), 2**63 - 1]), b""]
    return encode("ShardingSpecProto", tensor_name="x", device=[0, -1, 2**40], index_to_device_group_map=groups,
                  sharded_dim=dims)


@CANONICAL.model
def devices() -> bytes:
    """Device configurations and the nodes that are sharded over them."""
    configurations = [
        encode("DeviceConfigurationProto", name="two", num_devices=2, device=["gpu:0", "gpu:1"]),
        encode("DeviceConfigurationProto", name="two", num_devices=0),
        encode("DeviceConfigurationProto", num_devices=-1),
        encode("DeviceConfigurationProto", device=["", ""]), b"",
    ]
    used = [
        encode("NodeDeviceConfigurationProto", configuration_id="two", sharding_spec=[sharding(), b""],
               pipeline_stage=0),
        encode("NodeDeviceConfigurationProto", configuration_id="", pipeline_stage=-2), b"",
    ]
    main = graph(node("Relu", ["x"], ["y"], device_configurations=used),
                 node("Neg", ["y"], ["z"], device_configurations=[b""]),
                 name="main", input=[value("x")], output=[value("y")])
    return model(main, configuration=configurations)


@CANONICAL.model
def metadata_everywhere() -> bytes:
    """The same odd metadata on each message that can have some."""
    body = graph(node("Relu", ["x"], ["r"], metadata_props=METADATA), output=[value("r", metadata_props=METADATA)],
                 metadata_props=METADATA)
    function = encode("FunctionProto", name="F", domain="local", input=["a"], output=["r"], metadata_props=METADATA,
                      node=[node("Relu", ["a"], ["r"], metadata_props=METADATA)],
                      value_info=[value("r", metadata_props=METADATA)])
    constant = attribute("value", 4, t=tensor(None, metadata_props=METADATA))
    main = graph(
        node("Constant", [], ["c"], attributes=[constant], metadata_props=METADATA),
        node("If", ["c"], ["h"], attributes=[attribute("then_branch", 5, g=body)], metadata_props=METADATA),
        node("F", ["h"], ["y"], domain="local"),
        name="main", input=[value("x", metadata_props=METADATA)], output=[value("y", metadata_props=METADATA)],
        value_info=[value("h", metadata_props=METADATA)], initializer=[tensor("w", metadata_props=METADATA)],
        metadata_props=METADATA)
    return model(main, metadata_props=METADATA, functions=[function], opset_import=[opset(21), opset(1, "local")])


@CANONICAL.model
def metadata_many() -> bytes:
    """1,000 entries on the model and 200 on a node."""
    return model(
        graph(node("Relu", ["x"], ["y"], metadata_props=[entry(f"k{i % 50}", str(i)) for i in range(200)]),
              input=[value("x")], output=[value("y")]),
        metadata_props=[entry(f"key {i}", "v" * i) for i in range(1000)])


@CANONICAL.model
def documentation_everywhere() -> bytes:
    """Doc strings of several lines with code and markup in them."""
    doc = "First line.\n\n    code(<a>, \"b\")\n\t- item & more\nlast line without an end"
    main = graph(node("Relu", ["x"], ["y"], doc_string=doc), name="main", doc_string=doc,
                 input=[value("x", doc_string=doc)], output=[value("y", tensor_type(1, ["n"]), doc_string=doc)],
                 initializer=[tensor("w", doc_string=doc)], value_info=[value("y", doc_string=doc)])
    return model(main, doc_string=doc, producer_version="1.0\n", domain="org.example", model_version=3)
