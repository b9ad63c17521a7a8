"""Learning an emotion space from what is stored; labels by people help where there are some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.annotation import Annotated
from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.query import Heard
from emovec_db.spaces.emotion import reduced
from emovec_db.spaces.people import Sums, without_people
from emovec_db.spaces.rows import unit_rows
from emovec_db.spaces.scores import rooted
from emovec_db.spaces.teaching import taught_by, weight_of

#: directions of the embedding that are kept; more of them find no more, see docs/benchmarks.md
BASIS_DIM = 32
#: of the usual distance from a speaker's mean; see `EmotionSpace`
BASELINE = 0.5


def learn(sample: Heard, everything: Iterable[Heard], annotated: Annotated | None = None) -> EmotionMap:
    """The map from some utterances, drawn from all, and the speakers' offsets from all of them, batch by batch.

    What annotations tell is learned from the utterances that have some.

    Raises QueryError where an utterance has no direction.
    """
    embeddings = unit_rows(sample.embeddings.astype(np.float64), "embeddings").astype(np.float64)
    scores = rooted(sample).astype(np.float64)
    within = without_people(embeddings - embeddings.mean(axis=0), sample.people)
    basis = _main_directions(within, min(BASIS_DIM, embeddings.shape[1]))
    map_ = EmotionMap(
        embedding_mean=embeddings.mean(axis=0).astype(np.float32),
        basis=basis,
        score_mean=scores.mean(axis=0).astype(np.float32),
        embedding_baseline=_baseline(within @ basis),
        score_baseline=_baseline(without_people(scores - scores.mean(axis=0), sample.people)),
        offsets={},
    )
    if annotated is not None:
        map_ = _taught(map_, annotated)
    sums: Sums | None = None
    for heard in everything:
        rows = np.concatenate(reduced(map_, heard), axis=1)
        sums = sums or Sums(rows.shape[1])
        sums.add(rows, heard.people)
    return replace(map_, offsets=sums.offsets() if sums else {})


def _taught(map_: EmotionMap, annotated: Annotated) -> EmotionMap:
    taught = taught_by(annotated, np.concatenate([map_.embedding_mean, map_.score_mean]))
    if taught is None:
        return map_
    map_ = replace(map_, taught=taught, taught_weight=weight_of(annotated))
    told = reduced(map_, annotated.heard)[-1]
    return replace(map_, taught_baseline=_baseline(without_people(told, annotated.heard.people)))


def _main_directions(rows: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """Principal components, float32 (dim, count): the directions in which the rows lie furthest from zero."""
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.ascontiguousarray(vectors[:, ::-1][:, :count], dtype=np.float32)


def _baseline(rows: NDArray[np.float64]) -> float:
    # where all utterances are the same there is no usual distance, and any constant will do
    return BASELINE * float(np.median(np.linalg.norm(rows, axis=1))) or 1.0
