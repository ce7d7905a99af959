"""Models of pictures for held_out.py, from transformers."""
from __future__ import annotations

from typing import Any

import torch
from held_out import Model
from held_out_text import SMALL, built


def pixels(name: str, model: str, config: str, size: int = 32, attention: str | None = None, **values: Any) -> Model:
    return Model(name, lambda: built(model, config, attention, **values),
                 lambda batch: {"pixel_values": torch.randn(batch, 3, size, size)}, {"batch": 2}, {"batch": 3},
                 {"pixel_values": {0: "batch"}})


def patches(name: str, model: str, config: str, attention: str | None = None, **values: Any) -> Model:
    return pixels(name, model, config, 32, attention, **{**SMALL, "image_size": 32, "patch_size": 8, **values})


def convolutional() -> list[Model]:
    stages = {"hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1]}
    return [
        pixels("resnet_bottleneck", "ResNetForImageClassification", "ResNet", embedding_size=8, **stages),
        pixels("regnet", "RegNetModel", "RegNet", embedding_size=8, **{**stages, "hidden_sizes": [8, 16, 16, 16]}, groups_width=8),
        pixels("convnext_v2", "ConvNextV2Model", "ConvNextV2", **stages),
        pixels("efficientnet", "EfficientNetModel", "EfficientNet", width_coefficient=0.25, depth_coefficient=0.2, hidden_dim=320),
        pixels("mobilenet_v1", "MobileNetV1Model", "MobileNetV1", depth_multiplier=0.25, min_depth=4),
        pixels("poolformer", "PoolFormerModel", "PoolFormer", 64, **stages),
        pixels("levit", "LevitModel", "Levit", 64, image_size=64, hidden_sizes=[16, 24, 32], num_attention_heads=[2, 2, 2],
               depths=[1, 1, 1], key_dim=[8, 8, 8]),
    ]


def transformers_of_pictures() -> list[Model]:
    return [
        pixels("swin", "SwinModel", "Swin", image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4),
        pixels("swin_v2", "Swinv2Model", "Swinv2", image_size=32, patch_size=4, embed_dim=16, depths=[2, 1], num_heads=[2, 4],
               window_size=4),
        pixels("segformer", "SegformerForSemanticSegmentation", "Segformer", 64, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1],
               num_attention_heads=[1, 2, 2, 2], decoder_hidden_size=16),
        patches("dinov2", "Dinov2Model", "Dinov2", "sdpa"),
        patches("beit", "BeitModel", "Beit", "eager", use_relative_position_bias=True),
        patches("clip_vision", "CLIPVisionModel", "CLIPVision", "sdpa"),
        patches("siglip", "SiglipVisionModel", "SiglipVision", "eager"),
        patches("deit", "DeiTModel", "DeiT", "sdpa"),
        Model("vit_mae", lambda: built("ViTMAEForPreTraining", "ViTMAE", "sdpa", **SMALL, image_size=32, patch_size=8,
                                       decoder_hidden_size=16, decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
                                       decoder_intermediate_size=24),
              lambda batch: {"pixel_values": torch.randn(batch, 3, 32, 32), "noise": torch.rand(batch, 16)}, {"batch": 2},
              {"batch": 3}, {"pixel_values": {0: "batch"}, "noise": {0: "batch"}}),
    ]


def models() -> list[Model]:
    return convolutional() + transformers_of_pictures()
