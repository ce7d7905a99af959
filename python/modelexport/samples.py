"""Sample inputs for a Hugging Face model: from what was said, else from its configuration."""
from __future__ import annotations

import inspect
from typing import Any

import torch

from .errors import UNSUPPORTED, USAGE, Failure
from .options import Options

DTYPES = {"float": torch.float32, "float32": torch.float32, "float64": torch.float64, "double": torch.float64,
          "float16": torch.float16, "half": torch.float16, "bfloat16": torch.bfloat16, "int64": torch.int64,
          "long": torch.int64, "int32": torch.int32, "int": torch.int32, "int16": torch.int16, "int8": torch.int8,
          "uint8": torch.uint8, "bool": torch.bool}
DEFAULT_TEXT, DEFAULT_SHAPE = "Hello world", [1, 128]


def from_spec(name: str, spec: dict[str, Any]) -> torch.Tensor:
    """A tensor of the dtype, shape and range that the configuration tells."""
    dtype = DTYPES.get(str(spec.get("dtype", "float32")))
    shape, bounds = spec.get("shape"), spec.get("range") or [0, 1]
    if dtype is None:
        raise Failure(USAGE, f"the dtype of input '{name}' is unknown: {spec['dtype']}")
    if not isinstance(shape, list) or not all(isinstance(s, int) and s >= 0 for s in shape):
        raise Failure(USAGE, f"the shape of input '{name}' is no list of sizes")
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise Failure(USAGE, f"the range of input '{name}' is not two numbers")
    low, high = bounds
    if dtype.is_floating_point:
        return (torch.rand(shape) * (high - low) + low).to(dtype)
    return torch.randint(int(low), max(int(high), int(low)) + 1, shape).to(dtype)


def token_ids(config: Any, shape: list[int]) -> dict[str, torch.Tensor]:
    vocabulary = getattr(config, "vocab_size", None) or 2
    return {"input_ids": torch.randint(0, vocabulary, shape), "attention_mask": torch.ones(shape, dtype=torch.int64)}


def from_text(source: str, options: Options, config: Any) -> dict[str, torch.Tensor]:
    """What the model's tokenizer makes of the text; without a tokenizer (or with a shape), token ids by chance."""
    from transformers import AutoTokenizer

    if options.input_shape:
        return token_ids(config, options.input_shape)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        return dict(tokenizer(options.input_text or DEFAULT_TEXT, return_tensors="pt"))
    except Exception as error:  # whatever a tokenizer that is not there raises
        if options.input_text:
            raise Failure(USAGE, "the model has no tokenizer for --input-text; use --input-shape") from error
        return token_ids(config, DEFAULT_SHAPE)


def image_sizes(config: Any) -> list[int]:
    size = getattr(config, "image_size", None) or 224
    sizes = list(size) if isinstance(size, (list, tuple)) else [size, size]
    return [1, getattr(config, "num_channels", None) or 3, *sizes]


def of_model(model: Any, source: str, options: Options) -> dict[str, torch.Tensor]:
    """Keyword arguments for the model's forward."""
    config, main = model.config, model.main_input_name
    accepted = inspect.signature(model.forward).parameters
    if options.specs and all(name in accepted for name in options.specs):
        return {name: from_spec(name, spec) for name, spec in options.specs.items()}
    if main == "input_ids":
        inputs = from_text(source, options, config)
    elif options.input_shape:
        inputs = {main: torch.randn(options.input_shape)}
    elif main == "pixel_values":
        inputs = {main: torch.randn(image_sizes(config))}
    else:
        raise Failure(UNSUPPORTED, f"sample values for the input '{main}' cannot be guessed: use --input-shape")
    if getattr(config, "is_encoder_decoder", False) and "decoder_input_ids" in accepted:
        start = getattr(config, "decoder_start_token_id", None) or 0
        inputs["decoder_input_ids"] = torch.full([next(iter(inputs.values())).shape[0], 1], start)
    return {name: value for name, value in inputs.items() if name in accepted}
