"""Models of text, sound and series for held_out.py, from transformers."""
from __future__ import annotations

from typing import Any

import torch
import transformers
from held_out import Model, Tensors

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
SIZES, OTHER = {"batch": 2, "seq": 6}, {"batch": 3, "seq": 9}
AXES = {0: "batch", 1: "seq"}


def built(model: str, config: str, attention: str | None = None, **values: Any) -> torch.nn.Module:
    if attention:
        values["attn_implementation"] = attention
    made = getattr(transformers, config + "Config")(**values)
    for key in ("use_cache",):
        if hasattr(made, key):
            setattr(made, key, False)
    return getattr(transformers, model)(made)


def tokens(batch: int, seq: int) -> Tensors:
    mask = torch.ones(batch, seq, dtype=torch.int64)
    mask[0, -2:] = 0
    return {"input_ids": torch.randint(3, 90, (batch, seq)), "attention_mask": mask}


def pairs(batch: int, seq: int, target: int) -> Tensors:
    return {**tokens(batch, seq), "decoder_input_ids": torch.randint(3, 90, (batch, target))}


def text(name: str, model: str, config: str, attention: str | None = None, **values: Any) -> Model:
    values = {**SMALL, "vocab_size": 99, **values}
    return Model(name, lambda: built(model, config, attention, **values), tokens, SIZES, OTHER,
                 {"input_ids": AXES, "attention_mask": AXES})


def translation(name: str, model: str, config: str, attention: str | None = None, **values: Any) -> Model:
    return Model(name, lambda: built(model, config, attention, vocab_size=99, **values), pairs, {**SIZES, "target": 4},
                 {**OTHER, "target": 7}, {"input_ids": AXES, "attention_mask": AXES, "decoder_input_ids": {0: "batch", 1: "target"}})


def encoders() -> list[Model]:
    return [
        text("albert", "AlbertModel", "Albert", "sdpa", embedding_size=16),
        text("electra", "ElectraModel", "Electra", "eager", embedding_size=16),
        text("roberta_classifier", "RobertaForSequenceClassification", "Roberta", "sdpa"),
        text("deberta_v2", "DebertaV2Model", "DebertaV2", relative_attention=True, position_buckets=8, pos_att_type=["c2p", "p2c"]),
        text("mobilebert", "MobileBertModel", "MobileBert", embedding_size=16, true_hidden_size=16, intra_bottleneck_size=16),
        text("mpnet", "MPNetModel", "MPNet"),
        text("squeezebert", "SqueezeBertModel", "SqueezeBert"),
        text("funnel", "FunnelBaseModel", "Funnel", block_sizes=[1, 1], d_model=32, n_head=4, d_head=8, d_inner=48),
        text("xlnet", "XLNetModel", "XLNet", d_model=32, n_layer=2, n_head=4, d_inner=48),
        Model("fnet", lambda: built("FNetModel", "FNet", **{**SMALL, "vocab_size": 99}),
              lambda batch, seq: {"input_ids": torch.randint(3, 90, (batch, seq))}, SIZES, OTHER, {"input_ids": AXES}),
    ]


def decoders() -> list[Model]:
    grouped = {"num_key_value_heads": 2, "head_dim": 8}
    return [
        text("llama_eager", "LlamaForCausalLM", "Llama", "eager", num_key_value_heads=2),
        text("llama_sdpa", "LlamaForCausalLM", "Llama", "sdpa", num_key_value_heads=2),
        text("qwen2", "Qwen2ForCausalLM", "Qwen2", "sdpa", num_key_value_heads=2),
        text("qwen3", "Qwen3ForCausalLM", "Qwen3", "eager", **grouped),
        text("gemma2", "Gemma2ForCausalLM", "Gemma2", "eager", sliding_window=4, **grouped),
        text("phi", "PhiForCausalLM", "Phi", "sdpa"),
        text("opt", "OPTForCausalLM", "OPT", "sdpa", ffn_dim=48, word_embed_proj_dim=32),
        text("bloom", "BloomForCausalLM", "Bloom", n_layer=2, n_head=4),
        text("falcon", "FalconForCausalLM", "Falcon", "eager"),
        text("gpt_neox", "GPTNeoXForCausalLM", "GPTNeoX", "sdpa"),
        text("mixtral", "MixtralForCausalLM", "Mixtral", "eager", num_key_value_heads=2, num_local_experts=3,
             experts_implementation="batched_mm"),
        text("stablelm", "StableLmForCausalLM", "StableLm", "sdpa", num_key_value_heads=2),
        text("mamba", "MambaForCausalLM", "Mamba", state_size=4),
        text("gpt2_bfloat16", "GPT2LMHeadModel", "GPT2", "eager", n_embd=32, n_layer=1, n_head=4, dtype=torch.bfloat16),
    ]


def others() -> list[Model]:
    sound = {**SMALL, "conv_dim": [16, 16], "conv_kernel": [5, 3], "conv_stride": [3, 2], "num_feat_extract_layers": 2,
             "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
    wave = {"input_values": {0: "batch"}}
    layers = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
              "encoder_ffn_dim": 48, "decoder_ffn_dim": 48}
    return [
        translation("t5", "T5Model", "T5", d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4),
        translation("bart", "BartModel", "Bart", "sdpa", **layers),
        translation("marian", "MarianMTModel", "Marian", "eager", **layers, pad_token_id=0, decoder_start_token_id=0),
        Model("wav2vec2", lambda: built("Wav2Vec2Model", "Wav2Vec2", "sdpa", **sound),
              lambda batch: {"input_values": torch.randn(batch, 200)}, {"batch": 2}, {"batch": 3}, wave),
        Model("hubert", lambda: built("HubertModel", "Hubert", "eager", **sound),
              lambda batch: {"input_values": torch.randn(batch, 200)}, {"batch": 2}, {"batch": 3}, wave),
        Model("whisper", lambda: built("WhisperModel", "Whisper", "sdpa", vocab_size=99, num_mel_bins=8, max_source_positions=20,
                                       pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, **layers),
              lambda batch, seq: {"input_features": torch.randn(batch, 8, 40),
                                  "decoder_input_ids": torch.randint(3, 90, (batch, seq))},
              SIZES, OTHER, {"input_features": {0: "batch"}, "decoder_input_ids": AXES}),
        Model("time_series", lambda: built("TimeSeriesTransformerModel", "TimeSeriesTransformer", prediction_length=4,
                                           context_length=6, lags_sequence=[1, 2], num_time_features=2, d_model=16, encoder_layers=1,
                                           decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16),
              lambda batch: {"past_values": torch.randn(batch, 8), "past_time_features": torch.randn(batch, 8, 2),
                             "past_observed_mask": torch.rand(batch, 8) > 0.2, "future_values": torch.randn(batch, 4),
                             "future_time_features": torch.randn(batch, 4, 2)},
              {"batch": 2}, {"batch": 3}, {n: {0: "batch"} for n in ("past_values", "past_time_features", "past_observed_mask",
                                                                    "future_values", "future_time_features")}),
        Model("perceiver", lambda: built("PerceiverModel", "Perceiver", d_model=16, num_latents=6, d_latents=16, num_blocks=1,
                                         num_self_attends_per_block=1, num_self_attention_heads=2, num_cross_attention_heads=2),
              lambda batch, seq: {"inputs": torch.randn(batch, seq, 16)}, SIZES, OTHER, {"inputs": AXES}),
    ]


def models() -> list[Model]:
    return encoders() + decoders() + others()
