"""Vectors, queries and masks for measuring index structures, with the exact answers; written once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixture import BLOCK, SPEAKERS, Mixture

#: neighbours that recall is measured over
K = 10
#: vectors that are compared with all queries at a time
SCANNED = 50_000
ALL = "none"


@dataclass(frozen=True, slots=True)
class Vectors:
    """What is indexed, what is asked, and what is right under each mask."""

    #: float32 (n, dim), mapped
    base: NDArray[np.float32]
    #: float32 (q, dim)
    queries: NDArray[np.float32]
    #: bool (n,) by name; None: all rows
    masks: dict[str, NDArray[np.bool_] | None]
    #: int64 (q, K) by the mask's name
    truth: dict[str, NDArray[np.int64]]

    @classmethod
    def of(cls, folder: Path, count: int, dim: int, queries: int) -> Vectors:
        """From base.npy, queries.npy and labels.npy (emotion, speaker) in this folder, made where absent."""
        if not (folder / "labels.npy").exists():
            _write(folder, count, dim)
        base = np.load(folder / "base.npy", mmap_mode="r")[:count]
        asked = np.load(folder / "queries.npy")[:queries]
        masks = _masks(np.load(folder / "labels.npy")[:count])
        kept = folder / f"truth-{count}-{queries}.npz"
        if not kept.exists():
            np.savez(kept, **_truth(base, asked, masks))
        with np.load(kept) as truth:
            return cls(base, asked, masks, {name: truth[name] for name in masks})

    def recall(self, found: NDArray[np.int64], mask: str, number: int) -> float:
        """Of the answer to one query, int64 (k,)."""
        right = set(self.truth[mask][number].tolist()) - {-1}
        return len(right & set(found.tolist())) / len(right)


def _write(folder: Path, count: int, dim: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mixture, labels = Mixture(dim), np.empty((count, 2), np.int16)
    base = np.lib.format.open_memmap(folder / "base.npy", "w+", np.float32, (count, dim))
    for start in range(0, count, BLOCK):
        drawn = mixture.block(start // BLOCK)
        rows = slice(start, min(start + BLOCK, count))
        some = rows.stop - start
        base[rows] = drawn.vectors[:some]
        labels[rows] = np.stack([drawn.emotions, drawn.speakers], axis=1)[:some]
    base.flush()
    np.save(folder / "queries.npy", mixture.queries(1000).vectors)
    np.save(folder / "labels.npy", labels)


def _masks(labels: NDArray[np.int16]) -> dict[str, NDArray[np.bool_] | None]:
    """By chance, and by what lies together: some speakers' rows, one emotion's."""
    rng = np.random.default_rng(5)
    masks: dict[str, NDArray[np.bool_] | None] = {ALL: None}
    for share in (0.01, 0.1, 0.5):
        masks[f"{share:.0%} by chance"] = rng.random(len(labels)) < share
        masks[f"{share:.0%} by speaker"] = labels[:, 1] < share * SPEAKERS
    masks["one emotion, 11%"] = labels[:, 0] == 0
    return masks


def _truth(
    base: NDArray[np.float32], queries: NDArray[np.float32], masks: dict[str, NDArray[np.bool_] | None]
) -> dict[str, NDArray[np.int64]]:
    """The K nearest rows of each query under each mask, int64 (q, K), by a scan of everything."""
    similarities = {name: np.full((len(queries), K), -np.inf, np.float32) for name in masks}
    rows = {name: np.full((len(queries), K), -1, np.int64) for name in masks}
    for start in range(0, len(base), SCANNED):
        products = queries @ base[start : start + SCANNED].T
        for name, mask in masks.items():
            some = np.arange(products.shape[1]) if mask is None else np.flatnonzero(mask[start : start + SCANNED])
            values = np.concatenate([similarities[name], products[:, some]], axis=1)
            numbers = np.concatenate([np.full(K, -1), some + start])
            best = np.argpartition(-values, K - 1, axis=1)[:, :K]
            similarities[name] = np.take_along_axis(values, best, 1)
            rows[name] = np.where(best < K, np.take_along_axis(rows[name], np.minimum(best, K - 1), 1), numbers[best])
    return rows
