"""The space in which the same emotion is near, whoever speaks and whatever is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.fitted_space import EMOTION, EmotionMap
from emovec_db.domain.query import Heard
from emovec_db.emotions import LABELS
from emovec_db.spaces.rows import check_shapes, unit_rows
from emovec_db.spaces.scores import rooted

#: share of the similarity that the scores have: more is better where the scores are right, less where they are not;
#: benchmarks/similarity.py compares
SCORE_WEIGHT = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class EmotionSpace:
    """Embedding and scores with the speaker's own mean taken out, learned from a collection.

    Of an utterance's normalised embedding, and of the square roots of its scores, what is usual for its speaker is
    subtracted: the mean over all, and as far as there are recordings of that speaker, the speaker's. Of the embedding
    only the directions are kept in which utterances of the same speaker differ most. To both a constant is appended,
    so that utterances that lie near their speaker's mean are like each other instead of pointing anywhere; then both
    are brought to length 1. The inner product is the weighted mean of the two cosines.

    Nothing of it needs labels by people. Where there are annotations, what embedding and scores tell of them is a third
    part, treated like the other two; the more there are, the more it weighs.
    """

    version: int
    map: EmotionMap
    name: str = EMOTION
    score_weight: float = SCORE_WEIGHT

    def dim(self, embedding_dim: int) -> int:  # noqa: ARG002 - the basis decides
        told = 0 if self.map.taught is None else self.map.taught.shape[1] + 1
        return int(self.map.basis.shape[1]) + len(LABELS) + 2 + told

    def project(self, heard: Heard) -> NDArray[np.float32]:
        check_shapes(heard)
        parts = reduced(self.map, heard)
        offsets = np.split(
            self._offsets(heard.people, parts), np.cumsum([part.shape[1] for part in parts])[:-1], axis=1
        )
        columns = [
            np.float32(math.sqrt(weight)) * _with_constant(part - offset, constant)
            for part, offset, (weight, constant) in zip(parts, offsets, self._weights(), strict=True)
        ]
        return np.concatenate(columns, axis=1)

    def _weights(self) -> list[tuple[float, float]]:
        """Weight and constant of each part."""
        told = self.map.taught_weight
        weights = [
            ((1 - told) * (1 - self.score_weight), self.map.embedding_baseline),
            ((1 - told) * self.score_weight, self.map.score_baseline),
        ]
        return weights if self.map.taught is None else [*weights, (told, self.map.taught_baseline)]

    def _offsets(self, people: NDArray[np.object_], parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
        """Float32 (n, width of all parts); zeros for whom it does not know."""
        average = np.zeros(sum(part.shape[1] for part in parts), np.float32)
        rows = [self.map.offsets.get(person, average) for person in people]
        return np.stack(rows) if rows else np.empty((0, len(average)), np.float32)


def reduced(map_: EmotionMap, heard: Heard) -> tuple[NDArray[np.float64], ...]:
    """Embeddings float64 (n, d), roots of scores (n, 9), and, where there are annotations, what they tell (n, c).

    Each is without what is usual for everybody.
    """
    embeddings = unit_rows(heard.embeddings.astype(np.float64), "embeddings") - map_.embedding_mean
    scores = rooted(heard).astype(np.float64) - map_.score_mean
    kept = (embeddings @ map_.basis).astype(np.float64), scores
    if map_.taught is None:
        return kept
    return *kept, np.concatenate([embeddings, scores], axis=1) @ map_.taught.astype(np.float64)


def _with_constant(rows: NDArray[np.float64], constant: float) -> NDArray[np.float32]:
    return unit_rows(np.concatenate([rows, np.full((len(rows), 1), constant)], axis=1), "vectors")
