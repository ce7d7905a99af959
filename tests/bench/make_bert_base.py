"""A real BERT-base (random weights, 110 M parameters) as ONNX, for the benchmarks. Needs torch and transformers.

usage: make_bert_base.py OUT.onnx
"""
import sys

sys.modules["torchvision"] = None  # a torchvision built for CUDA beside a CPU torch does not import

import torch
from transformers import BertConfig, BertModel


class Plain(torch.nn.Module):
    """BertModel with the three inputs given by position, and tuples instead of a dict."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids,
                          return_dict=False)


def main() -> None:
    torch.manual_seed(0)
    model = Plain(BertModel(BertConfig()).eval())
    ids = torch.randint(0, 30000, (1, 128))
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {n: {0: "batch", 1: "sequence"} for n in names}
    torch.onnx.export(model, (ids, torch.ones_like(ids), torch.zeros_like(ids)), sys.argv[1], input_names=names,
                      dynamic_axes=axes, opset_version=17, dynamo=False)


if __name__ == "__main__":
    main()
