#!/usr/bin/env python3
"""Make a small U-Net with BatchNormalization, as torch's exporter would name it: for the pictures in the README.

usage: make_unet.py OUT.onnx
"""
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = numpy.random.default_rng(3)
CLASSES = {"stem": "DoubleConv", "conv": "DoubleConv", "pool": "MaxPool2d", "up": "ConvTranspose2d", "head": "Conv2d"}
LAYERS = {"Conv": "Conv2d", "BatchNormalization": "BatchNorm2d", "Relu": "ReLU"}


class Maker:
    def __init__(self):
        self.nodes, self.tensors = [], []

    def weight(self, name, *shape):
        values = RANDOM.uniform(0.1, 1, shape) if name.endswith("running_var") else RANDOM.normal(0, 0.2, shape)
        self.tensors.append(numpy_helper.from_array(values.astype(numpy.float32), name))
        return name

    def add(self, op_type, scope, inputs, **attributes):
        """An operator in the module of that dotted name."""
        steps = scope.split(".") if scope else []
        modules = [".".join(steps[:i]) for i in range(1, len(steps) + 1) if steps[:i] not in (["downs"], ["ups"])]
        name = "/".join(["", *steps, op_type])
        node = helper.make_node(op_type, inputs, [f"{name}_output_0"], name=name, **attributes)
        kinds = ["UNet", *(self.kind(m, op_type) for m in modules)]
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=str(["", *modules, op_type]))
        node.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value=str([*(f"unet.{k}" for k in kinds), op_type]))
        self.nodes.append(node)
        return node.output[0]

    @staticmethod
    def kind(module, op_type):
        parent, _, last = module.rpartition(".")
        if last.isdigit():
            return {"downs": "Down", "ups": "Up"}.get(parent) or LAYERS[op_type]
        return CLASSES[last]

    def convolution(self, scope, x, before, after, size, **attributes):
        given = [x, self.weight(f"{scope}.weight", after, before, size, size), self.weight(f"{scope}.bias", after)]
        return self.add("Conv", scope, given, **attributes)

    def double(self, scope, x, before, after):
        for at in (0, 3):
            x = self.convolution(f"{scope}.{at}", x, before, after, 3, kernel_shape=[3, 3], pads=[1] * 4)
            given = [self.weight(f"{scope}.{at + 1}.{part}", after) for part in ("weight", "bias", "running_mean", "running_var")]
            x = self.add("BatchNormalization", f"{scope}.{at + 1}", [x, *given], epsilon=1e-5)
            x = self.add("Relu", f"{scope}.{at + 2}", [x])
            before = after
        return x

    def model(self):
        skips = [self.double("stem", "x", 3, 8)]
        for i, width in enumerate((16, 24)):
            x = self.add("MaxPool", f"downs.{i}.pool", [skips[-1]], kernel_shape=[2, 2], strides=[2, 2])
            skips.append(self.double(f"downs.{i}.conv", x, width - 8, width))
        x = skips.pop()
        for i, width in enumerate((16, 8)):
            scope = f"ups.{i}.up"
            given = [x, self.weight(f"{scope}.weight", width + 8, width, 2, 2), self.weight(f"{scope}.bias", width)]
            x = self.add("ConvTranspose", scope, given, kernel_shape=[2, 2], strides=[2, 2])
            x = self.add("Concat", f"ups.{i}", [skips.pop(), x], axis=1)
            x = self.double(f"ups.{i}.conv", x, 2 * width, width)
        x = self.convolution("head", x, 8, 2, 1, kernel_shape=[1, 1])
        self.nodes.append(helper.make_node("Sigmoid", [x], ["mask"], name="/Sigmoid"))
        info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", c, 32, 32]) for n, c in (("x", 3), ("mask", 2))]
        graph = helper.make_graph(self.nodes, "main_graph", info[:1], info[1:], initializer=self.tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_unet.py")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_unet.py OUT.onnx")
    onnx.save(Maker().model(), sys.argv[1])
