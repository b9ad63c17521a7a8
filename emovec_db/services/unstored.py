"""Mixtures of scores and bare embeddings as what is searched for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Heard
from emovec_db.domain.sought import Unstored
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError


def of_scores(collection: Collection, scores: Mapping[str, float]) -> Unstored:
    """A mixture such as ``{"angry": 0.6, "sad": 0.4}``, of which only the proportions count. Raises QueryError."""
    shares = mixture(scores)
    nowhere = np.full(collection.generation.encoder.dim, 1.0, np.float32)
    return Unstored(heard=Heard.alone(nowhere, shares), scores=Prediction.of(shares), only_in="scores")


def of_embedding(embedding: NDArray[np.float32]) -> Unstored:
    """Float32 (dim,); whether it fits is seen in the collection."""
    uniform = np.full(len(LABELS), 1 / len(LABELS), np.float32)
    vector = np.asarray(embedding, dtype=np.float32)
    return Unstored(heard=Heard.alone(vector, uniform), scores=None, only_in="embedding")


def mixture(scores: Mapping[str, float]) -> NDArray[np.float32]:
    """Float32 (9,) that sum to 1, in these proportions. Raises QueryError where they are none."""
    unknown = sorted(scores.keys() - set(LABELS))
    if unknown:
        raise QueryError(f"unknown label {unknown[0]!r}: expected some of {', '.join(LABELS)}")
    shares = np.array([scores.get(label, 0.0) for label in LABELS], dtype=np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        raise QueryError(f"got the shares {dict(scores)}: expected numbers from 0 up, not all of them 0")
    summing_to_one: NDArray[np.float32] = (shares / shares.sum()).astype(np.float32)
    return summing_to_one
