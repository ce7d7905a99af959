#!/usr/bin/env python3
"""Makes bert_tiny.pt2: the BertModel of bert_tiny.onnx's shape, random weights, as torch.export.save writes it.

Needs torch 2.13 and transformers: pip install torch==2.13.0 transformers
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.modules["torchvision"] = None  # type: ignore[assignment]  # not needed, and its wheel may not fit the CPU's torch

import torch  # noqa: E402
from transformers import BertConfig, BertModel  # noqa: E402

OUT = Path(__file__).resolve().with_name("bert_tiny.pt2")


class Bert(BertModel):
    def forward(self, input_ids, attention_mask, token_type_ids):
        done = super().forward(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return {"last_hidden_state": done.last_hidden_state, "pooler_output": done.pooler_output}


def main() -> None:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                        max_position_embeddings=64)
    Bert.__name__ = Bert.__qualname__ = "BertModel"
    model = Bert(config).eval()
    ids, ones = torch.randint(0, 200, (2, 9)), torch.ones(2, 9, dtype=torch.long)
    dims = {0: torch.export.Dim("batch", min=1, max=64), 1: torch.export.Dim("sequence", min=2, max=64)}
    inputs = {"input_ids": ids, "attention_mask": ones, "token_type_ids": ones * 0}
    with torch.no_grad():
        program = torch.export.export(model, (), inputs, dynamic_shapes={name: dims for name in inputs})
    for node in program.graph.nodes:  # without the paths of the machine that it was made on
        node.meta.pop("stack_trace", None)
    program._example_inputs = None
    torch.export.save(program, OUT)


if __name__ == "__main__":
    main()
