"""Labelled recordings: reading, decoding once, and log-mel frames of augmented copies."""

from __future__ import annotations

import csv
import hashlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tools.compact.augment import augmented
from tools.compact.features import SAMPLE_RATE_HZ, Array, log_mel, mel_filters
from tools.compact.recipe import AugmentRecipe


@dataclass(frozen=True)
class Clip:
    """One labelled recording."""

    path: Path
    corpus: str
    speaker: str
    label: str


@dataclass(frozen=True)
class Frames:
    """Log-mel frames of all clips and copies, end to end.

    `values` float16 (frames, 64); clip i in copy c is values[start[c, i] : start[c, i] + count[c, i]].
    Copy 0 is the original.
    """

    values: NDArray[np.float16]
    start: NDArray[np.int64]
    count: NDArray[np.int64]


def read_clips(folder: Path) -> list[Clip]:
    """Clips of `labels.csv` that carry one of the nine labels (RAVDESS `calm` carries none)."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"]]
    return [Clip(folder / r["path"], r["dataset"], r["speaker"], r["label"]) for r in rows]


def decode(path: Path) -> Array:
    """Waveform of one file, float32 (samples,), mono at 16 kHz (libsndfile refuses some Opus)."""
    parts = []
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(parts)


def _copies(numbered: tuple[int, Clip], recipe: AugmentRecipe) -> list[NDArray[np.float16]]:
    number, clip = numbered
    waveform = decode(clip.path)
    frames = [log_mel(waveform, mel_filters()).astype(np.float16)]
    rng = np.random.default_rng((recipe.seed, number))
    for _ in range(recipe.copies):
        filters = mel_filters(float(np.exp(rng.uniform(-recipe.warp, recipe.warp))))
        frames.append(log_mel(augmented(waveform, recipe, rng), filters).astype(np.float16))
    return frames


def load_frames(clips: list[Clip], recipe: AugmentRecipe, cache: Path, workers: int = 2) -> Frames:
    """Frames of every clip and augmented copy, made once and kept under `cache`."""
    key = repr((sorted(asdict(recipe).items()), [clip.path.name for clip in clips]))
    file = cache / f"frames-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(workers) as pool:
            made = list(pool.map(partial(_copies, recipe=recipe), enumerate(clips), chunksize=32))
        ordered = [made[i][c] for c in range(recipe.copies + 1) for i in range(len(clips))]
        count = np.array([len(f) for f in ordered])
        start = np.concatenate([[0], np.cumsum(count)[:-1]])
        shape = (recipe.copies + 1, len(clips))
        np.savez(file, values=np.concatenate(ordered), start=start.reshape(shape), count=count.reshape(shape))
    stored = np.load(file)
    return Frames(stored["values"], stored["start"], stored["count"])
