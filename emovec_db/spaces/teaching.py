"""What annotations add to an emotion space: which directions of embedding and scores tell the labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.annotation import Annotated
from emovec_db.emotions import LABELS
from emovec_db.spaces.people import without_people
from emovec_db.spaces.rows import unit_rows
from emovec_db.spaces.scores import rooted

#: of the ridge regression, as a share of the features' mean variance: the more, the less it goes by rare directions
RIDGE = 1.0
#: share of the similarity that very many annotations have; n of them have n / (n + FEW) of it, since few of them tell
#: less than what is learned without; benchmarks/similarity.py compares
WEIGHT, FEW = 0.45, 100


def features(annotated: Annotated) -> NDArray[np.float64]:
    """Normalised embeddings beside roots of scores, float64 (n, dim + 9)."""
    heard = annotated.heard
    embeddings = unit_rows(heard.embeddings.astype(np.float64), "embeddings")
    return np.concatenate([embeddings, rooted(heard)], axis=1).astype(np.float64)


def weight_of(annotated: Annotated) -> float:
    """Share of the similarity that so many annotations have."""
    count = len(annotated.labels)
    return WEIGHT * count / (count + FEW)


def taught_by(annotated: Annotated, means: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The map from features, less float32 (dim + 9,) means, to what they tell of each label, float32 (dim + 9, 9).

    Ridge regression on the labels as they are, a column each. None where there is nothing to tell apart.
    """
    rows = _without_voices(features(annotated) - means, annotated)
    if len(np.unique(annotated.labels)) < 2 or not rows.any():
        return None
    scales = _scales(rows, len(means) - len(LABELS))
    rows /= scales
    targets = np.eye(len(LABELS))[annotated.labels]
    products = rows.T @ rows
    ridge = RIDGE * np.trace(products) / len(products) * np.eye(len(products))
    weights = np.linalg.solve(products + ridge, rows.T @ (targets - targets.mean(axis=0)))
    return np.ascontiguousarray(weights / scales[:, None], dtype=np.float32)


def _without_voices(rows: NDArray[np.float64], annotated: Annotated) -> NDArray[np.float64]:
    """Less people's means, as far as labels don't explain them: who is annotated as angry only stays angry."""
    of_labels = np.zeros_like(rows)
    for label in np.unique(annotated.labels):
        at = annotated.labels == label
        of_labels[at] = rows[at].mean(axis=0)
    return without_people(rows - of_labels, annotated.heard.people) + of_labels


def _scales(rows: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """Float64 (dim + 9,) by which embeddings and scores become equally large."""
    sizes = [np.sqrt((part**2).sum(axis=1).mean()) or 1.0 for part in (rows[:, :dim], rows[:, dim:])]
    return np.repeat(sizes, [dim, rows.shape[1] - dim])
