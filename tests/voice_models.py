"""CAM++ directories as the hubs give them, with seeded random weights: architecture and format are the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import yaml

from emovec_db.encoder.emotion2vec.funasr_class import funasr_alone, module_of

#: of iic/speech_campplus_sv_zh-cn_16k-common
MODEL_CONF = {
    "feat_dim": 80,
    "embedding_size": 192,
    "growth_rate": 32,
    "bn_size": 4,
    "init_channels": 128,
    "config_str": "batchnorm-relu",
    "memory_efficient": True,
    "output_level": "segment",
}
CONFIGURATION = {
    "framework": "pytorch",
    "task": "speaker-verification",
    "model": {"type": "funasr"},
    "pipeline": {"type": "funasr-pipeline"},
    "file_path_metas": {"init_param": "campplus_cn_common.bin", "config": "config.yaml"},
}


def write_campplus(folder: Path, *, seed: int = 0) -> Path:
    """Write config.yaml, configuration.json and campplus_cn_common.bin into `folder` and give it back."""
    build = module_of("funasr.models.campplus.model").CAMPPlus
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": "CAMPPlus", "model_conf": MODEL_CONF, "frontend": "WavFrontend", "frontend_conf": {"fs": 16000}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (folder / "configuration.json").write_text(json.dumps(CONFIGURATION), encoding="utf-8")
    with funasr_alone(), torch.device("meta"):
        shapes = build(**MODEL_CONF).state_dict()
    generator = torch.Generator().manual_seed(seed)
    weights = {key: _draw(key, tensor, generator) for key, tensor in shapes.items()}
    torch.save(weights, folder / "campplus_cn_common.bin")
    return folder


def _draw(key: str, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Values that keep activations in scale."""
    if not like.is_floating_point():
        return torch.zeros(like.shape, dtype=like.dtype)
    noise = torch.randn(like.shape, generator=generator)
    if key.endswith("running_var") or (key.endswith("weight") and len(like.shape) == 1):
        return (1 + noise * 0.1).abs()
    if key.endswith(("bias", "running_mean")):
        return noise * 0.05
    return noise * (2 / noise[0].numel()) ** 0.5
