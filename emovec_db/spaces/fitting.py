"""Learning an emotion space from what is stored, without labels by people."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.query import Heard
from emovec_db.emotions import LABELS
from emovec_db.spaces.emotion import reduced
from emovec_db.spaces.rows import unit_rows
from emovec_db.spaces.scores import rooted

#: directions of the embedding that are kept; more of them find no more, see docs/benchmarks.md
BASIS_DIM = 32
#: a speaker's mean counts n / (n + this): a mean of few utterances says more about what was said than about the speaker
SHRINKAGE = 10
#: of the usual distance from a speaker's mean; see `EmotionSpace`
BASELINE = 0.5


def learn(sample: Heard, everything: Iterable[Heard]) -> EmotionMap:
    """The map from some utterances, drawn from all, and the speakers' offsets from all of them, batch by batch.

    Raises QueryError where an utterance has no direction.
    """
    embeddings = unit_rows(sample.embeddings.astype(np.float64), "embeddings").astype(np.float64)
    scores = rooted(sample).astype(np.float64)
    within = _without_people(embeddings - embeddings.mean(axis=0), sample.people)
    basis = _main_directions(within, min(BASIS_DIM, embeddings.shape[1]))
    map_ = EmotionMap(
        embedding_mean=embeddings.mean(axis=0).astype(np.float32),
        basis=basis,
        score_mean=scores.mean(axis=0).astype(np.float32),
        embedding_baseline=_baseline(within @ basis),
        score_baseline=_baseline(_without_people(scores - scores.mean(axis=0), sample.people)),
        offsets={},
    )
    sums = _Sums(basis.shape[1] + len(LABELS))
    for heard in everything:
        sums.add(np.concatenate(reduced(map_, heard), axis=1), heard.people)
    return EmotionMap(
        embedding_mean=map_.embedding_mean,
        basis=map_.basis,
        score_mean=map_.score_mean,
        embedding_baseline=map_.embedding_baseline,
        score_baseline=map_.score_baseline,
        offsets=sums.offsets(),
    )


class _Sums:
    """Sums by person of rows of one width."""

    def __init__(self, width: int) -> None:
        self._numbers: dict[str, int] = {}
        self._sums = np.zeros((0, width))
        self._counts = np.zeros(0)

    def add(self, rows: NDArray[np.float64], people: NDArray[np.object_]) -> None:
        """Add float64 (n, width) rows of n utterances; those of nobody known are left out."""
        known = np.array([person is not None for person in people], dtype=bool)
        numbers = [self._numbers.setdefault(person, len(self._numbers)) for person in people[known]]
        grown = len(self._numbers) - len(self._sums)
        self._sums = np.concatenate([self._sums, np.zeros((grown, self._sums.shape[1]))])
        self._counts = np.concatenate([self._counts, np.zeros(grown)])
        np.add.at(self._sums, numbers, rows[known])
        np.add.at(self._counts, numbers, 1)

    def offsets(self) -> dict[str, NDArray[np.float32]]:
        """Shrunken means, float32 (width,)."""
        means = (self._sums / (self._counts + SHRINKAGE)[:, None]).astype(np.float32)
        return {person: means[number] for person, number in self._numbers.items()}


def _without_people(rows: NDArray[np.float64], people: NDArray[np.object_]) -> NDArray[np.float64]:
    sums = _Sums(rows.shape[1])
    sums.add(rows, people)
    offsets, average = sums.offsets(), np.zeros(rows.shape[1], np.float32)
    means = [offsets.get(person, average) for person in people]
    return rows - np.stack(means)


def _main_directions(rows: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """Principal components, float32 (dim, count): the directions in which the rows lie furthest from zero."""
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.ascontiguousarray(vectors[:, ::-1][:, :count], dtype=np.float32)


def _baseline(rows: NDArray[np.float64]) -> float:
    # where all utterances are the same there is no usual distance, and any constant will do
    return BASELINE * float(np.median(np.linalg.norm(rows, axis=1))) or 1.0
