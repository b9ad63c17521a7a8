"""The compact encoder: log-mel, branches that pool attentively, and their late fusion."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.compact import features
from tools.compact.recipe import LABELS, TRAINED, BranchRecipe, Recipe

#: Frames (of 40 ms) over which a frame score pools: 51 are 2.04 s.
FRAME_WINDOW: int = 51


class LogMel(nn.Module):
    """Waveform (batch, samples) to log-mel frames (batch, samples // 160, 64), gain removed.

    As `features.log_mel`, but relative to FLOOR, so that silence is exactly 0 and no rounding of it
    is scaled up; the branches remove the mean and see no difference.
    The Fourier transform is a convolution with fixed kernels, so that it runs in any ONNX runtime.
    """

    kernels: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        filters = features.mel_filters()
        used = np.flatnonzero(filters.any(axis=1))
        angle = 2 * np.pi * np.outer(used, np.arange(features.WINDOW)) / features.FFT
        kernels = np.concatenate([np.cos(angle), np.sin(angle)]) * features.window()
        self.register_buffer("kernels", torch.tensor(kernels, dtype=torch.float32)[:, None])
        self.register_buffer("filters", torch.tensor(filters[used]))

    def forward(self, waveform: Tensor) -> Tensor:
        """Log-mel frames of `waveform`."""
        rms = (waveform.square().mean(dim=1, keepdim=True) + 1e-12).sqrt()
        level = (waveform * (features.TARGET_RMS / rms))[:, None]
        parts = functional.conv1d(level, self.kernels, stride=features.HOP, padding=features.PADDING)
        cosine, sine = parts.square().chunk(2, dim=1)
        return ((cosine + sine).transpose(1, 2) @ self.filters / features.FLOOR + 1).log()


def normalised(frames: Tensor, flattened: Tensor) -> Tensor:
    """Frames (batch, time, 64) with their mean removed and divided by one deviation.

    `flattened` (batch, 1, 1), 0..1, says how much of the mean spectrum goes: at 0 one mean over
    all bins (the spectral tilt stays), at 1 the mean of each bin (channel and voice colour go).
    Means weigh frames by loudness relative to the loudest, so that silence around the words does
    not count.
    """
    energy = frames.logsumexp(dim=2, keepdim=True)
    active = torch.sigmoid(2 * (energy - energy.amax(dim=1, keepdim=True) + 5))
    active = active / active.sum(dim=1, keepdim=True)
    per_bin = (frames * active).sum(dim=1, keepdim=True)
    mean = per_bin.mean(dim=2, keepdim=True).lerp(per_bin, flattened)
    centred = frames - mean
    variance = (centred.square() * active).sum(dim=1, keepdim=True).mean(dim=2, keepdim=True)
    return centred / (variance + 1e-2).sqrt()


class Branch(nn.Module):
    """Log-mel frames to an embedding and logits, once per recording and once per 40 ms."""

    def __init__(self, recipe: BranchRecipe, dim: int) -> None:
        super().__init__()
        self.stem = stem(recipe.channels)
        self.project = convolution(recipe.channels[-1] * features.MEL_BINS // 16, recipe.width, 1)
        self.residual = nn.ModuleList(
            convolution(recipe.width, recipe.width, 3, dilation) for dilation in recipe.dilations
        )
        self.attention = nn.Sequential(nn.Conv1d(recipe.width, 64, 1), nn.Tanh(), nn.Conv1d(64, 1, 1))
        # no offsets: embeddings keep mean 0, else consistency is had by one direction shared by all
        self.norm = nn.BatchNorm1d(2 * recipe.width, affine=False)
        self.embed = nn.Linear(2 * recipe.width, dim, bias=False)
        self.classes = nn.Parameter(torch.randn(len(TRAINED), dim) * 0.1)
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def encode(self, frames: Tensor, flattened: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden frames (batch, width, time / 4) and attention weights (batch, 1, time / 4)."""
        x = self.stem(normalised(frames, flattened)[:, None])
        x = self.project(x.transpose(2, 3).flatten(1, 2))
        for layer in self.residual:
            x = x + layer(x)
        return x.float(), torch.exp(4 * torch.tanh(self.attention(x).float() / 4))

    def head(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Unit embedding (n, dim) and logits (n, 7) of pooled means and variances (n, width)."""
        deviation = (variance.clamp_min(0) + 1e-3).sqrt()
        pooled = self.norm(torch.cat([mean, deviation], dim=1))
        embedding = functional.normalize(self.embed(pooled), dim=1)
        return embedding, self.log_scale.exp() * embedding @ functional.normalize(self.classes, dim=1).T

    def pooled(self, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """`head` of hidden frames (batch, width, time) pooled with weights (batch, 1, time)."""
        share = weight / weight.sum(dim=2, keepdim=True)
        mean = (x * share).sum(dim=2, keepdim=True)
        variance = ((x - mean).square() * share).sum(dim=2)
        return self.head(mean[:, :, 0], variance)

    def forward(self, frames: Tensor, flattened: Tensor) -> tuple[Tensor, Tensor]:
        """Unit embedding (batch, dim) and logits (batch, 7) of frames (batch, time, 64)."""
        return self.pooled(*self.encode(frames, flattened))

    def forward_with_frames(self, frames: Tensor, flattened: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, and logits (batch, time / 4, 7) pooled in a sliding window."""
        x, weight = self.encode(frames, flattened)
        total = sliding(weight)
        mean = sliding(x * weight) / total
        variance = sliding(x.square() * weight) / total - mean.square()
        rows = [part.transpose(1, 2).flatten(0, 1) for part in (mean, variance)]
        windowed = self.head(*rows)[1].view(frames.shape[0], -1, len(TRAINED))
        return *self.pooled(x, weight), windowed


def stem(channels: tuple[int, ...]) -> nn.Sequential:
    """2-D convolutions: (batch, 1, time, 64) to (batch, channels[-1], time / 4, 4)."""
    layers: list[nn.Module] = [nn.Conv2d(1, channels[0], 3, stride=2, padding=1), nn.ReLU(True)]
    for number in range(1, len(channels)):
        stride = (2, 2) if number == 1 else (1, 2)
        before, after = channels[number - 1 : number + 1]
        layers.append(nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False))
        layers += [nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers)


def convolution(before: int, after: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    """1-D convolution that keeps the number of frames, batch norm, ReLU."""
    padding = dilation * (kernel // 2)
    layer = nn.Conv1d(before, after, kernel, padding=padding, dilation=dilation, bias=False)
    return nn.Sequential(layer, nn.BatchNorm1d(after), nn.ReLU(True))


def sliding(x: Tensor) -> Tensor:
    """Mean over FRAME_WINDOW frames around each frame of x (batch, channels, time)."""
    return functional.avg_pool1d(x, FRAME_WINDOW, stride=1, padding=FRAME_WINDOW // 2)


class Compact(nn.Module):
    """Every branch on every view of one log-mel; scores are the softmax of their mean logits."""

    spread: Tensor

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.views = recipe.views
        self.branches = nn.ModuleList(Branch(branch, recipe.branch_dim) for branch in recipe.branches)
        spread = torch.zeros(len(TRAINED), len(LABELS))
        for row, label in enumerate(TRAINED):
            spread[row, LABELS.index(label)] = 1
        self.register_buffer("spread", spread)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Waveform (batch, samples) to embedding (batch, 256), scores (batch, 9) and frame scores
        (batch, frames, 9)."""
        frames = self.log_mel(waveform)
        parts = [
            branch.forward_with_frames(frames, torch.full((1, 1, 1), view))
            for branch in self.branches
            for view in self.views
        ]
        embedding = torch.cat([part[0] for part in parts], dim=1) / len(parts) ** 0.5
        scores = torch.stack([part[1] for part in parts]).mean(0).softmax(-1)
        windowed = torch.stack([part[2] for part in parts]).mean(0).softmax(-1)
        return embedding, scores @ self.spread, windowed @ self.spread
