"""How far two partitions of the same utterances agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contingency(first: NDArray[np.int32], second: NDArray[np.int32], first_k: int, second_k: int) -> NDArray[np.int64]:
    """Int64 (first_k, second_k): how many are in both clusters, of the clusters of n utterances, int32 (n,) each."""
    cells = first.astype(np.int64) * second_k + second
    return np.bincount(cells, minlength=first_k * second_k).reshape(first_k, second_k)


def adjusted_rand(first: NDArray[np.int32], second: NDArray[np.int32]) -> float:
    """Hubert and Arabie's index (Journal of Classification, 1985), by scikit-learn."""
    from sklearn.metrics import adjusted_rand_score  # takes seconds to load

    return float(adjusted_rand_score(first, second))


def normalised_mutual_information(first: NDArray[np.int32], second: NDArray[np.int32]) -> float:
    """Over the arithmetic mean of both entropies, by scikit-learn."""
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(first, second))


def overlaps(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Jaccard of each pair of clusters, float64 of the contingency's shape; 0 where both are empty."""
    either = cells.sum(axis=1, keepdims=True) + cells.sum(axis=0, keepdims=True) - cells
    shares = np.zeros(cells.shape)
    np.divide(cells, either, out=shares, where=either > 0)
    return shares
