"""The network's convolutions over packed rows: seven that make frames of samples, five that tell positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch.nn import functional

from emovec_db.encoder.emotion2vec.arithmetic import Arithmetic, Norm, gelu_
from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES

#: frames that go through the seven convolutions at once. The first gives 64 rows of 2 KB per frame: what one layer
#: hands the next stays in the cache, whatever the recording's length
CHUNK_FRAMES: Final = 50

Weights = Mapping[str, torch.Tensor]


class FrameConvolutions:
    """Samples to features, with the layer norm and the projection that follow: FunASR's `local_features`."""

    def __init__(self, weights: Weights, layers: Sequence[tuple[int, int, int]], arithmetic: Arithmetic) -> None:
        self._layers = [
            _FrameLayer(weights, f"local_encoder.conv_layers.{place}", kernel, stride, arithmetic)
            for place, (_, kernel, stride) in enumerate(layers)
        ]
        self._norm = _norm(weights, "project_features.1", arithmetic)
        self._projection = arithmetic.linear(*(weights[f"project_features.2.{part}"] for part in ("weight", "bias")))

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """(rows, dim) of float32 samples (320 * rows + 80,)."""
        rows = (len(samples) - FRAME_SAMPLES) // FRAME_STEP_SAMPLES + 1
        tail = FRAME_SAMPLES - FRAME_STEP_SAMPLES
        chunks = [
            samples[FRAME_STEP_SAMPLES * start : FRAME_STEP_SAMPLES * min(start + CHUNK_FRAMES, rows) + tail]
            for start in range(0, rows, CHUNK_FRAMES)
        ]
        return torch.cat([self._features(chunk) for chunk in chunks])

    def _features(self, samples: torch.Tensor) -> torch.Tensor:
        x = samples[:, None]
        for layer in self._layers:
            x = layer(x)
        return self._projection(self._norm(x))


class _FrameLayer:
    """Convolution, layer norm over channels, GELU."""

    def __init__(self, weights: Weights, name: str, kernel: int, stride: int, arithmetic: Arithmetic) -> None:
        weight = weights[f"{name}.0.weight"]
        self._linear = arithmetic.linear(weight.permute(0, 2, 1).reshape(len(weight), -1))
        self._norm = _norm(weights, f"{name}.2.1", arithmetic)
        self._kernel, self._stride = kernel, stride

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, channels) to fewer rows: a matrix product over rows that overlap."""
        channels = x.shape[1]
        rows = (len(x) - self._kernel) // self._stride + 1
        seen = x.as_strided((rows, self._kernel * channels), (self._stride * channels, 1)).contiguous()
        return gelu_(self._norm(self._linear(seen)))


def _norm(weights: Weights, name: str, arithmetic: Arithmetic) -> Norm:
    weight, bias = (
        weights[f"{name}.{part}"].to(arithmetic.device, arithmetic.result_dtype) for part in ("weight", "bias")
    )
    return Norm(weight, bias)


class PositionConvolutions:
    """FunASR's `relative_positional_encoder`, with the gap rows zero before each of its convolutions."""

    def __init__(self, weights: Weights, depth: int, groups: int, arithmetic: Arithmetic) -> None:
        self._groups = groups
        self._convolutions = [
            [arithmetic.tensor(weights[f"relative_positional_encoder.{place}.0.{part}"]) for part in ("weight", "bias")]
            for place in range(1, depth + 1)
        ]

    def __call__(self, x: torch.Tensor, gaps: torch.Tensor) -> torch.Tensor:
        """(rows, dim) of the same."""
        for weight, bias in self._convolutions:
            x = x.to(weight.dtype).index_fill(0, gaps, 0)
            y = functional.conv1d(x.t()[None], weight, bias, padding=weight.shape[2] // 2, groups=self._groups)
            y = y[0, :, : len(x)].t().contiguous()  # an even kernel gives one row too many
            x = gelu_(functional.layer_norm(y, y.shape[1:]))
        return x
