"""Writing a model directory as one ONNX file that needs neither torch nor FunASR."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional

from emovec_db.emotions import LABELS
from emovec_db.encoder.checksums import CHECKSUMS, write_checksums
from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES, ModelDirectory, read_directory
from emovec_db.encoder.emotion2vec.funasr_class import process_unchanged
from emovec_db.encoder.emotion2vec.loading import load_network
from emovec_db.encoder.emotion2vec.network import AUDIO
from emovec_db.encoder.emotion2vec.transformer import slopes
from emovec_db.encoder.hashing import file_sha256
from emovec_db.encoder.onnx_directory import MODEL, OUTPUTS
from emovec_db.errors import MissingPartError, UserError

OPSET: Final = 18
PRECISIONS: Final = ("fp32", "int8-onnx")


def export_directory(source: Path, target: Path, *, precision: str = "fp32") -> Path:
    """Write `target`/model.onnx from a model directory as FunASR's hubs give it, and give its path.

    The file takes any number of waveforms of any lengths, padded with anything, and their lengths; padding changes no
    number beyond float32's last bits. int8-onnx quantises the weights to 8 bits and rows as they come.

    Raises MissingPartError, BadWeightsError, UserError (no such precision).
    """
    if precision not in PRECISIONS:
        raise UserError(f"the precision {precision!r} is unknown for ONNX; expected one of {', '.join(PRECISIONS)}")
    directory = read_directory(Path(os.path.abspath(source)))
    model = load_network(directory)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".export-") as folder:
        written = Path(folder) / MODEL
        _trace(PaddedNetwork(model, directory), written)
        if precision != "fp32":
            written = _quantise(written, Path(folder) / f"{precision}.onnx")
        _describe(written, _metadata(directory, model, precision))
        (target / CHECKSUMS).unlink(missing_ok=True)
        written.replace(target / MODEL)
        write_checksums(target, [MODEL])
    return target / MODEL


class PaddedNetwork(torch.nn.Module):
    """FunASR's Emotion2vec over padded waveforms, with an exact mask, in operators that ONNX has.

    What lies behind a waveform's end is zero before each positional convolution and out of attention's reach.
    """

    def __init__(self, model: torch.nn.Module, directory: ModelDirectory) -> None:
        super().__init__()
        self.model: Any = model
        self.audio: Any = model.get_submodule(AUDIO.rstrip("."))
        self.columns = list(directory.columns)
        self.normalize = bool(directory.model_conf["normalize"])

    def forward(self, waveform: torch.Tensor, samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """`embedding`, `scores`, `frame_scores`, `frames` of float32 (batch, samples) and int64 (batch,)."""
        features = self.audio.project_features(self.audio.local_encoder(self._normed(waveform, samples)))
        frames = torch.div(samples - FRAME_SAMPLES, FRAME_STEP_SAMPLES, rounding_mode="floor") + 1
        real = torch.arange(features.shape[1])[None] < frames[:, None]
        x = self._blocks(features + self._positions(features, real[..., None]), real)
        x = x * real[..., None]
        embedding = x.sum(1) / frames[:, None]
        return embedding, self._scores(embedding), self._scores(x), x

    def _normed(self, waveform: torch.Tensor, samples: torch.Tensor) -> torch.Tensor:
        """Layer norm of each waveform, zero behind its end; in float64, since onnxruntime sums naively."""
        real = torch.arange(waveform.shape[1])[None] < samples[:, None]
        waveform = torch.where(real, waveform, torch.zeros(()))
        if not self.normalize:
            return waveform
        exact, count = waveform.double(), samples[:, None].double()
        centred = torch.where(real, exact - exact.sum(1, keepdim=True) / count, torch.zeros((), dtype=torch.float64))
        return (centred / ((centred * centred).sum(1, keepdim=True) / count + 1e-5).sqrt()).float()

    def _positions(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        for layer in list(self.audio.relative_positional_encoder)[1:-1]:
            x = layer((x * real).transpose(1, 2)).transpose(1, 2)
        return x

    def _blocks(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        extra = self.audio.extra_tokens.shape[1]
        bias = self._bias(real, extra)
        x = torch.cat([self.audio.extra_tokens.expand(x.shape[0], -1, -1), x], dim=1)
        x = self.audio.context_encoder.norm(x)
        for block in [*self.audio.context_encoder.blocks, *self.model.blocks]:
            x, _ = block(x, alibi_bias=bias)
        return x[:, extra:]

    def _bias(self, real: torch.Tensor, extra: int) -> torch.Tensor:
        """ALiBi and the mask, (batch, heads, rows, rows); a score of -1e9 leaves nothing in float32."""
        scale = self.audio.alibi_scale.flatten().clamp_min(0)
        place = torch.arange(real.shape[1])
        distance = -(place[:, None] - place[None]).abs().to(torch.float32)
        alibi = torch.tensor(slopes(len(scale)))[:, None, None] * distance * scale[:, None, None]
        alibi = functional.pad(alibi, (extra, 0, extra, 0))
        seen = functional.pad(real.to(torch.int32), (extra, 0), value=1) > 0
        return torch.where(seen[:, None, None], alibi[None], torch.full((), -1e9))

    def _scores(self, embeddings: torch.Tensor) -> torch.Tensor:
        head = self.model.proj
        return functional.linear(embeddings, head.weight[self.columns], head.bias[self.columns]).softmax(-1)


def _trace(network: PaddedNetwork, path: Path) -> None:
    example = torch.zeros(2, 8000), torch.tensor([8000, 4000])
    frames = {0: "batch", 1: "frames"}
    axes = {"waveform": {0: "batch", 1: "samples"}, "samples": {0: "batch"}} | {
        "embedding": {0: "batch"}, "scores": {0: "batch"}, "frame_scores": frames, "frames": frames,
    }  # fmt: skip
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of tracing: every branch depends on the architecture alone
        torch.onnx.export(
            network.eval(), example, str(path), input_names=["waveform", "samples"], output_names=list(OUTPUTS),
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def _quantise(source: Path, target: Path) -> Path:
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise MissingPartError(f"quantising needs onnx ({error}): run pip install onnx") from error
    with process_unchanged():  # it warns through the root logger, and sets it up for that
        quantize_dynamic(source, target, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8)
    return target


def _metadata(directory: ModelDirectory, model: torch.nn.Module, precision: str) -> Mapping[str, str]:
    return {
        "name": directory.path.name,
        "revision": directory.revision,
        "weights_sha256": file_sha256(directory.weights),
        "precision": precision,
        "parameters": str(sum(parameter.numel() for parameter in model.parameters())),
        "labels": json.dumps(LABELS),
    }


def _describe(path: Path, metadata: Mapping[str, str]) -> None:
    """Write the metadata into the file."""
    try:
        import onnx
    except ImportError as error:
        raise MissingPartError(f"exporting needs onnx ({error}): run pip install onnx") from error
    content = onnx.load(path)
    onnx.helper.set_model_props(content, dict(metadata))
    onnx.save(content, path)
