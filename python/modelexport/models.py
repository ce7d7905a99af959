"""Models and their sample inputs, from a Python file or from Hugging Face."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch

from . import samples
from .errors import INPUT, UNSUPPORTED, Failure, first_line
from .options import Options


class Traceable(NamedTuple):
    model: torch.nn.Module
    args: tuple
    kwargs: dict[str, Any]


def from_file(path: Path) -> Traceable:
    """`model` or get_model(), and `example_inputs` or get_inputs(): a tensor, a tuple or list, or a dict by name."""
    spec = importlib.util.spec_from_file_location("modelexport_user_model", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise Failure(INPUT, "cannot be opened: no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
        model = module.model if hasattr(module, "model") else module.get_model()
        inputs = module.example_inputs if hasattr(module, "example_inputs") else module.get_inputs()
    except AttributeError as error:
        raise Failure(INPUT, f"defines no 'model' or get_model(), or no 'example_inputs' or get_inputs() ({error})") from error
    except Exception as error:
        raise Failure(INPUT, f"cannot be run: {first_line(error)}") from error
    if not isinstance(model, torch.nn.Module):
        raise Failure(INPUT, f"its model is no torch.nn.Module but {type(model).__name__}")
    if isinstance(inputs, dict):
        return Traceable(model, (), inputs)
    return Traceable(model, tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,), {})


def from_hugging_face(options: Options) -> Traceable:
    try:
        import transformers
    except ImportError:
        raise Failure(UNSUPPORTED, "Hugging Face models need transformers: pip install transformers") from None
    if not options.verbose:
        transformers.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
    try:
        config = transformers.AutoConfig.from_pretrained(options.model)
        if hasattr(config, "use_cache"):
            config.use_cache = False  # a cache is no output of a graph
        model = transformers.AutoModel.from_pretrained(options.model, config=config)
    except Exception as error:
        raise Failure(INPUT, f"cannot be loaded as a Hugging Face model: {first_line(error)}") from error
    return Traceable(model, (), samples.of_model(model, options.model, options))


def load(options: Options) -> Traceable:
    return from_file(Path(options.model)) if options.model.endswith(".py") else from_hugging_face(options)
