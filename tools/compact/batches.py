"""Batches of augmented log-mel crops, some with their twins, with soft targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.compact.data import Clip, Frames
from tools.compact.features import MEL_BINS
from tools.compact.recipe import TRAINED, Recipe, TrainRecipe
from tools.compact.twins import floored, reencoded

FRAMES_PER_S = 100


def balanced(clips: Sequence[Clip], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices (size,) of clips drawn corpus, then label, then clip, each with equal chances."""
    groups: dict[str, dict[str, list[int]]] = {}
    for index, clip in enumerate(clips):
        groups.setdefault(clip.corpus, {}).setdefault(clip.label, []).append(index)
    corpora = [[np.array(rows) for rows in labels.values()] for labels in groups.values()]
    drawn = np.empty(size, np.int64)
    for i in range(size):
        labels = corpora[rng.integers(len(corpora))]
        rows = labels[rng.integers(len(labels))]
        drawn[i] = rows[rng.integers(len(rows))]
    return drawn


def batches(
    clips: Sequence[Clip], rows: Sequence[int], frames: Frames, recipe: Recipe, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """`train.steps` times frames (batch + pairs, time, 64) and targets (batch + pairs, 7) from clips `rows`.

    The last `train.pairs` rows are twins of the first: the same equaliser, mixup and masks.
    """
    settings, rng = recipe.train, np.random.default_rng(seed)
    chosen = [clips[row] for row in rows]
    drawn = np.asarray(rows)[balanced(chosen, settings.batch * settings.steps, rng)]
    plain = torch.cat([torch.arange(settings.batch), torch.arange(settings.pairs)])
    for picked in drawn.reshape(settings.steps, settings.batch):
        x = crops(frames, picked, recipe, rng)
        x += settings.equaliser * smooth_curves(len(picked), rng)[plain, None]
        labels = torch.tensor([TRAINED.index(clips[row].label) for row in picked])
        target = smoothed(labels, settings.smoothing)[plain]
        if rng.random() < settings.mixup_share:
            x, target = mixed(x, target, (plain + 1) % len(picked), rng.beta(*settings.mixup_beta))
        x *= mask(len(picked), x.shape[1], settings, rng)[plain]
        yield x, target


def crops(frames: Frames, picked: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """Crops of random copies at random tempo, then the first crops' twins, (batch + pairs, time, 64), mean 0."""
    time = int(FRAMES_PER_S * rng.uniform(*recipe.train.crop_s))
    copy = rng.integers(len(frames.start), size=len(picked))
    start, count = frames.start[copy, picked][:, None], frames.count[copy, picked][:, None]
    tempo = np.exp(rng.uniform(-recipe.train.tempo, recipe.train.tempo, (len(picked), 1)))
    spare = np.maximum(count - time * tempo, 0)
    position = rng.random((len(picked), 1)) * spare + np.arange(time) * tempo
    shift = rng.integers(-recipe.twin.shift_frames, recipe.twin.shift_frames + 1, (len(picked), 1))
    plain, shifted = (taken(frames, start, position + by, count) for by in (0, shift))
    twins = reencoded(shifted[: recipe.train.pairs], recipe.twin, rng)
    x = torch.cat([floored(plain), twins])
    return x - x.mean(dim=(1, 2), keepdim=True)


def taken(frames: Frames, start: NDArray[np.int64], position: NDArray[np.float64], count: NDArray[np.int64]) -> Tensor:
    """Stored frames (batch, time, 64) at positions (batch, time) of clips; beyond its end a clip repeats."""
    return torch.from_numpy(frames.values[start + np.round(position).astype(np.int64) % count].astype(np.float32))


def smooth_curves(n: int, rng: np.random.Generator) -> Tensor:
    """Random smooth curves over the mel bins, shape (n, 64), deviation about 1 at each knot."""
    knots = rng.standard_normal((n, 6))
    place = np.linspace(0, 5, MEL_BINS)
    curves = np.stack([np.interp(place, np.arange(6), row) for row in knots])
    return torch.from_numpy(curves.astype(np.float32))


def smoothed(labels: Tensor, smoothing: float) -> Tensor:
    """One-hot targets (batch, 7) with `smoothing` spread over all trained labels."""
    hot = torch.nn.functional.one_hot(labels, len(TRAINED)).float()
    return hot * (1 - smoothing) + smoothing / len(TRAINED)


def mixed(x: Tensor, target: Tensor, partner: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018) of each row with the row numbered `partner`."""
    return x.lerp(x[partner], share), target.lerp(target[partner], share)


def mask(n: int, time: int, recipe: TrainRecipe, rng: np.random.Generator) -> Tensor:
    """Factors (n, time, 64): 0 sets random bands and spans to the mean (SpecAugment), 1 elsewhere."""
    bands = spans(n, MEL_BINS, recipe.frequency_masks, recipe.frequency_mask_bins, rng)
    times = spans(n, time, recipe.time_masks, recipe.time_mask_frames, rng)
    return bands[:, None, :] * times[:, :, None]


def spans(n: int, length: int, count: int, widest: int, rng: np.random.Generator) -> Tensor:
    """Ones (n, length) with `count` runs of 0 to `widest` zeros in each row."""
    width = rng.integers(widest + 1, size=(n, count, 1))
    low = rng.integers(np.maximum(length - width, 0) + 1)
    place = np.arange(length)
    covered = ((place >= low) & (place < low + width)).any(axis=1)
    return torch.from_numpy(~covered).float()
