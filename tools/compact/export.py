"""Write an encoder as one ONNX file with its metadata."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch

from tools.compact.network import Compact
from tools.compact.recipe import EMBEDDING_DIM, LABELS, Recipe

LICENCE = "CC BY-NC-SA 4.0"


def export(encoder: Compact, file: Path, recipe: Recipe) -> None:
    """Write `encoder` to `file` (waveform in; embedding, scores, frame_scores out)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder.float().to(memory_format=torch.contiguous_format),
            (torch.randn(2, 16_000) * 0.05,),
            str(file),
            dynamo=False,
            opset_version=17,
            input_names=["waveform"],
            output_names=["embedding", "scores", "frame_scores"],
            dynamic_axes={
                "waveform": {0: "batch", 1: "samples"},
                "embedding": {0: "batch"},
                "scores": {0: "batch"},
                "frame_scores": {0: "batch", 1: "frames"},
            },
        )
    model = onnx.load(file)
    properties = {
        "name": "compact",
        "revision": recipe.revision,
        "licence": LICENCE,
        "frame_rate_hz": "25",
        "dim": str(EMBEDDING_DIM),
        "labels": ",".join(LABELS),
        "parameters": str(sum(weight.numel() for weight in encoder.parameters())),
    }
    onnx.helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    onnx.save(model, file)
