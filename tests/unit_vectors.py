"""Unit vectors in groups, and the plainest search over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def grouped(count: int, dim: int, *, groups: int = 20, noise: float = 0.8, seed: int = 0) -> NDArray[np.float32]:
    """float32 (count, dim): a group's direction plus noise of that length, in no order."""
    rng = np.random.default_rng(seed)
    centres = unit(np.random.default_rng(groups).standard_normal((groups, dim)))
    scatter = noise * rng.standard_normal((count, dim)) / dim**0.5
    return unit(centres[rng.integers(0, groups, count)] + scatter)


def brute_force(
    ids: NDArray[np.int64], vectors: NDArray[np.float32], query: NDArray[np.float32], k: int
) -> tuple[list[int], NDArray[np.float64]]:
    """Ids and similarities of the k nearest, by a full sort in float64; equal ones by ascending id."""
    similarities = vectors.astype(np.float64) @ query.astype(np.float64)
    order = np.lexsort((ids, -similarities))[:k]
    return ids[order].tolist(), similarities[order]
