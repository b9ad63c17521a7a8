"""Model directories as FunASR's hubs give them, with seeded random weights: architecture and format are the real ones.

The tensors are those of the network that FunASR itself builds, without the decoder, which the published files lack;
names, nesting and the small files follow the published emotion2vec_plus_large.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from emovec_db.encoder.emotion2vec.funasr_class import funasr_alone, network_class

TOKENS = ("生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral", "其他/other", "难过/sad",
          "吃惊/surprised", "<unk>")  # fmt: skip
#: as tokens.txt stood before June 2024
OLD_TOKENS = (
    "生气/angry",
    "unuse_0",
    "unuse_1",
    "开心/happy",
    "中立/neutral",
    "unuse_2",
    "难过/sad",
    "unuse_3",
    "<unk>",
)


@dataclass(frozen=True)
class Architecture:
    """Sizes that distinguish the published models."""

    dim: int
    heads: int
    depth: int
    prenet_depth: int
    conv_channels: int


TINY = Architecture(dim=64, heads=4, depth=2, prenet_depth=2, conv_channels=32)
PLUS_BASE = Architecture(dim=768, heads=12, depth=8, prenet_depth=4, conv_channels=512)
PLUS_LARGE = Architecture(dim=1024, heads=16, depth=8, prenet_depth=4, conv_channels=512)


def write_checkpoint(
    folder: Path, architecture: Architecture = TINY, *, seed: int = 0, tokens: tuple[str, ...] = TOKENS
) -> Path:
    """Write config.yaml, configuration.json, tokens.txt and model.pt into `folder` and give it back."""
    folder.mkdir(parents=True, exist_ok=True)
    write_small_files(folder, architecture, tokens)
    torch.save(checkpoint(random_weights(architecture, seed)), folder / "model.pt")
    return folder


def write_small_files(folder: Path, architecture: Architecture = TINY, tokens: tuple[str, ...] = TOKENS) -> None:
    """All of a model directory but the weights."""
    config = {
        "model": "Emotion2vec",
        "model_conf": model_conf(architecture),
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        "scope_map": ["d2v_model.", "none"],
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (folder / "configuration.json").write_text(json.dumps(CONFIGURATION), encoding="utf-8")
    (folder / "tokens.txt").write_text("\n".join(tokens), encoding="utf-8")  # the published one ends without newline


def checkpoint(weights: dict[str, torch.Tensor], **more: Any) -> dict[str, Any]:
    """The published file's nesting around the weights."""
    frame: dict[str, Any] = {"args": None, "cfg": None, "criterion": {}, "model": weights, "optimizer_history": []}
    return frame | {"task_state": {}, "extra_state": {}, "last_optimizer_state": None} | more


def random_weights(architecture: Architecture, seed: int) -> dict[str, torch.Tensor]:
    """Values that keep activations in scale and make the nine scores differ."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for key, shape in _shapes(architecture).items():
        name = key if key.startswith("proj.") else f"d2v_model.{key}"
        weights[name] = _draw(key, shape, generator)
    return weights


def _shapes(architecture: Architecture) -> dict[str, torch.Size]:
    with funasr_alone(), warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        network = network_class()(model_conf=model_conf(architecture), vocab_size=len(TOKENS))
    return {key: tensor.shape for key, tensor in network.state_dict().items() if ".decoder." not in key}


def _draw(key: str, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(shape, generator=generator)
    if key == "proj.weight":
        return noise * 0.15
    if key.endswith("bias"):
        return noise * 0.05
    if key.endswith("extra_tokens"):
        return noise
    if key.endswith("alibi_scale") or len(shape) == 1:  # the latter: layer norms
        return 1 + noise * 0.15
    gain = 2.0 if len(shape) == 3 else 1.0  # convolutions stand before GELU
    return noise * (gain / (noise[0].numel())) ** 0.5


def model_conf(architecture: Architecture) -> dict[str, Any]:
    """FunASR's arguments for the network, as in the published config.yaml."""
    channels = architecture.conv_channels
    layers = f"[({channels}, 10, 5)] + [({channels}, 3, 2)] * 4 + [({channels},2,2)] + [({channels},2,2)]"
    audio = _AUDIO | {
        "feature_encoder_spec": layers,
        "model_depth": architecture.depth,
        "num_alibi_heads": architecture.heads,
        "prenet_depth": architecture.prenet_depth,
    }
    sizes = {"depth": architecture.depth, "embed_dim": architecture.dim, "num_heads": architecture.heads}
    return _NETWORK | sizes | {"modalities": {"audio": audio}}


CONFIGURATION = {
    "framework": "pytorch",
    "task": "emotion-recognition",
    "pipeline": {"type": "funasr-pipeline"},
    "model": {"type": "funasr"},
    "file_path_metas": {
        "init_param": "model.pt",
        "tokenizer_conf": {"token_list": "tokens.txt"},
        "config": "config.yaml",
    },
}

_NETWORK: dict[str, Any] = {
    "activation_dropout": 0.0,
    "attention_dropout": 0.1,
    "average_top_k_layers": 16,
    "clone_batch": 12,
    "dropout_input": 0.0,
    "encoder_dropout": 0.1,
    "end_drop_path_rate": 0.0,
    "end_of_block_targets": False,
    "layer_norm_first": False,
    "layerdrop": 0.0,
    "loss_beta": 0.0,
    "loss_scale": None,
    "mlp_ratio": 4.0,
    "norm_affine": True,
    "norm_eps": 1e-05,
    "normalize": True,
    "post_mlp_drop": 0.1,
    "start_drop_path_rate": 0.0,
    "supported_modality": "AUDIO",
}

_AUDIO: dict[str, Any] = {
    "add_masks": False,
    "alibi_max_pos": None,
    "alibi_scale": 1.0,
    "conv_pos_depth": 5,
    "conv_pos_groups": 16,
    "conv_pos_pre_ln": False,
    "conv_pos_width": 95,
    "decoder": {
        "add_positions_all": False,
        "add_positions_masked": False,
        "decoder_dim": 64,
        "decoder_groups": 16,
        "decoder_kernel": 7,
        "decoder_layers": 4,
        "decoder_residual": True,
        "input_dropout": 0.1,
        "projection_layers": 1,
        "projection_ratio": 2.0,
    },
    "ema_local_encoder": False,
    "encoder_zero_mask": True,
    "end_drop_path_rate": 0.0,
    "extractor_mode": "layer_norm",
    "init_extra_token_zero": True,
    "inverse_mask": False,
    "keep_masked_pct": 0.0,
    "learned_alibi": False,
    "learned_alibi_scale": True,
    "learned_alibi_scale_per_head": True,
    "learned_alibi_scale_per_layer": False,
    "local_grad_mult": 1.0,
    "mask_channel_length": 64,
    "mask_channel_prob": 0.0,
    "mask_dropout": 0.0,
    "mask_length": 5,
    "mask_noise_std": 0.01,
    "mask_prob": 0.5,
    "mask_prob_adjust": 0.05,
    "mask_prob_min": None,
    "num_extra_tokens": 10,
    "prenet_dropout": 0.1,
    "prenet_layerdrop": 0.0,
    "remove_masks": False,
    "start_drop_path_rate": 0.0,
    "type": "AUDIO",
    "use_alibi_encoder": True,
}
