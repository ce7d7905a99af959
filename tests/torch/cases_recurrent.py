"""LSTM, GRU and RNN: directions, layers, batches in front, no batch, and single steps."""

from __future__ import annotations

import torch
from program import Program


class WithState(torch.nn.Module):
    """The module with states that are inputs."""

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> tuple:
        return self.layer(x, states if len(states) > 1 else states[0])


def plain() -> Program:
    p = Program("recurrent_layers", ("default",))
    nn = torch.nn
    steps, batches, alone = torch.randn(5, 2, 4), torch.randn(2, 5, 4), torch.randn(5, 4)
    h, c = torch.randn(4, 2, 3), torch.randn(4, 2, 3)
    for name, kind in (("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)):
        p.case(name, kind(4, 3).eval(), steps)
        p.case(f"{name}_batches", kind(4, 3, batch_first=True).eval(), batches)
        p.case(f"{name}_both_ways", kind(4, 3, bidirectional=True, batch_first=True).eval(), batches)
        p.case(f"{name}_deep", kind(4, 3, num_layers=3, bidirectional=True, dropout=0.2).eval(), steps)
        p.case(f"{name}_without_bias", kind(4, 3, num_layers=2, bias=False).eval(), steps)
        p.case(f"{name}_alone", kind(4, 3).eval(), alone)
        states = (h, c) if name == "lstm" else (h,)
        p.case(f"{name}_states", WithState(kind(4, 3, num_layers=2, bidirectional=True).eval()), steps, *states)
    p.case("rnn_relu", nn.RNN(4, 3, nonlinearity="relu").eval(), steps)
    return p


def cells() -> Program:
    p = Program("recurrent_cells")
    nn = torch.nn
    x, h, c = torch.randn(2, 4), torch.randn(2, 3), torch.randn(2, 3)
    p.case("lstm", WithState(nn.LSTMCell(4, 3).eval()), x, h, c)
    p.case("gru", WithState(nn.GRUCell(4, 3).eval()), x, h)
    p.case("rnn", WithState(nn.RNNCell(4, 3).eval()), x, h)
    p.case("rnn_relu", WithState(nn.RNNCell(4, 3, bias=False, nonlinearity="relu").eval()), x, h)
    p.case("gru_alone", WithState(nn.GRUCell(4, 3).eval()), torch.randn(4), torch.randn(3))
    return p


def dynamic() -> Program:
    p = Program("recurrent_dynamic", ("default",))
    x = p.input(torch.randn(2, 5, 4), {0: "batch"}, torch.randn(3, 5, 4))
    p.case("lstm", torch.nn.LSTM(4, 3, bidirectional=True, batch_first=True).eval(), x)
    p.case("gru", torch.nn.GRU(4, 3, num_layers=2, batch_first=True).eval(), x)
    return p


def programs() -> list[Program]:
    return [plain(), cells(), dynamic()]
