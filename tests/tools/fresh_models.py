"""Models to measure tags on, of kinds that no rule was made for: small configurations of transformers' and plain ones.

    fresh_models.py FOLDER [--as-initialised] [NAME ...]

Needs torch, transformers and onnxscript, and takes about ten seconds a model. Each NAME becomes a folder with
model_dynamo.onnx, as torch.onnx.export(dynamo=True) writes it with its module stack, and modules.json (see
metadata_from_modules.py). Then: measure_tags.py FOLDER/* --without-metadata. Weights are random, nothing is downloaded.

--as-initialised   leave the parameters as their modules made them: all biases zero, all norms one, and the exporter merges
                   them under the name of the first
"""
from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

Made = tuple[nn.Module, dict[str, Any]]


# ---- transformers ----

def ids(length: int = 12, vocabulary: int = 90) -> torch.Tensor:
    return torch.randint(3, vocabulary, (2, length))


def text(name: str, **config: Any) -> Made:
    made = getattr(transformers, f"{name}Config")(vocab_size=99, **config)
    return getattr(transformers, f"{name}Model")(made), {"input_ids": ids(), "attention_mask": torch.ones(2, 12, dtype=torch.long)}


def pixels(name: str, size: int, **config: Any) -> Made:
    made = getattr(transformers, f"{name}Config")(**config)
    return getattr(transformers, f"{name}Model")(made), {"pixel_values": torch.randn(1, 3, size, size)}


def small(layers: str = "num_hidden_layers") -> dict[str, int]:
    return {layers: 2, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64}


def t5() -> Made:
    config = transformers.T5Config(vocab_size=99, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, use_cache=False,
                                   attn_implementation="eager")
    return transformers.T5ForConditionalGeneration(config), {"input_ids": ids(), "decoder_input_ids": ids(7)}


def whisper() -> Made:
    config = transformers.WhisperConfig(vocab_size=99, d_model=32, encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=64,
                                        decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=64, num_mel_bins=16,
                                        max_source_positions=24, max_target_positions=16, pad_token_id=0, bos_token_id=1,
                                        eos_token_id=2, decoder_start_token_id=1)
    return transformers.WhisperModel(config).encoder, {"input_features": torch.randn(1, 16, 48)}


# ---- plain torch ----

class MixerBlock(nn.Module):
    def __init__(self, tokens: int, width: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(tokens, 2 * tokens), nn.GELU(), nn.Linear(2 * tokens, tokens))
        self.channels = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 24, 4, 4)
        self.blocks = nn.ModuleList([MixerBlock(16, 24) for _ in range(3)])
        self.norm, self.head = nn.LayerNorm(24), nn.Linear(24, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))


class SqueezeExcite(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.down, self.up = nn.Linear(width, width // 4), nn.Linear(width // 4, width)

    def forward(self, x):
        scale = torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3))))))
        return x * scale[:, :, None, None]


class DenseLayer(nn.Module):
    def __init__(self, width: int, grow: int):
        super().__init__()
        self.norm, self.conv, self.gate = nn.BatchNorm2d(width), nn.Conv2d(width, grow, 3, padding=1), SqueezeExcite(grow)

    def forward(self, x):
        return torch.cat([x, self.gate(self.conv(torch.relu(self.norm(x))))], 1)


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.layers = nn.Sequential(*[DenseLayer(16 + 8 * i, 8) for i in range(3)])
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(40, 5)

    def forward(self, x):
        return self.head(self.pool(self.layers(self.stem(x))).flatten(1))


class RootNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.scale


class GatedUnit(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm, self.conv = RootNorm(width), nn.Conv1d(width, width, 3, padding=2, groups=width)
        self.into, self.out = nn.Linear(width, 2 * width, bias=False), nn.Linear(width, width, bias=False)

    def forward(self, x):
        value, gate = self.into(self.norm(x)).chunk(2, -1)
        value = self.conv(value.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2)
        return x + self.out(nn.functional.silu(value) * torch.sigmoid(gate))


class GatedConvolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 24)
        self.units = nn.ModuleList([GatedUnit(24) for _ in range(3)])
        self.norm, self.head = RootNorm(24), nn.Linear(24, 50, bias=False)

    def forward(self, tokens):
        x = self.embed(tokens)
        for unit in self.units:
            x = unit(x)
        return self.head(self.norm(x))


MODELS: dict[str, Callable[[], Made]] = {
    "albert": lambda: text("Albert", **small(), embedding_size=16),
    "electra": lambda: text("Electra", **small(), embedding_size=16),
    "mobilebert": lambda: text("MobileBert", **small(), embedding_size=16, intra_bottleneck_size=16, num_feedforward_networks=2),
    "t5": t5,
    "hf_resnet": lambda: pixels("ResNet", 32, embedding_size=8, hidden_sizes=[8, 16], depths=[2, 2], layer_type="bottleneck"),
    "segformer": lambda: pixels("Segformer", 64, num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[16, 32],
                                patch_sizes=[7, 3], strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2]),
    "swin": lambda: pixels("Swin", 32, image_size=32, patch_size=2, embed_dim=16, depths=[2, 1], num_heads=[2, 4], window_size=4,
                           attn_implementation="eager"),
    "whisper_encoder": whisper,
    "mixer": lambda: (Mixer(), {"x": torch.randn(2, 3, 16, 16)}),
    "dense_gates": lambda: (DenseNet(), {"x": torch.randn(2, 3, 16, 16)}),
    "gated_convolutions": lambda: (GatedConvolutions(), {"tokens": ids(10, 50)}),
}


# ---- writing ----

def describe(model: nn.Module, inputs: dict[str, Any]) -> dict[str, Any]:
    """All modules, in which order they are first called, and how often."""
    calls: dict[int, list[int]] = defaultdict(list)
    count = 0

    def see(module: nn.Module, _: Any) -> None:
        nonlocal count
        calls[id(module)].append(count)
        count += 1

    hooks = [module.register_forward_pre_hook(see) for module in model.modules()]
    with torch.no_grad():
        model(**inputs)
    for hook in hooks:
        hook.remove()
    rows = []
    for name, module in model.named_modules(remove_duplicate=False):
        kind, seen = type(module), calls.get(id(module), [])
        rows.append({"name": name, "class": kind.__name__, "module_path": f"{kind.__module__}.{kind.__qualname__}",
                     "is_torch_nn": f"{kind.__module__}.".startswith("torch.nn."), "execution_order": seen[0] if seen else None,
                     "calls": seen, "tag": None})
    return {"modules": rows}


def disturb(model: nn.Module) -> None:
    """No two parameters are equal, as after training: exporters keep equal ones once, under one name."""
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor += 0.05 * torch.rand_like(tensor)


def write(name: str, folder: Path, as_initialised: bool) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    model = model.eval()
    if not as_initialised:
        disturb(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "modules.json").write_text(json.dumps(describe(model, inputs), indent=1))
    torch.onnx.export(model, (), str(folder / "model_dynamo.onnx"), kwargs=inputs, dynamo=True, opset_version=18,
                      external_data=False, verbose=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--as-initialised", action="store_true")
    options = parser.parse_args()
    for name in options.names or MODELS:
        write(name, options.folder / name, options.as_initialised)
        print(name, flush=True)


if __name__ == "__main__":
    main()
