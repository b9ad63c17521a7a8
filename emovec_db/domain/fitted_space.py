"""What a space learned from a collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.annotation import TableRead

EMOTION = "emotion"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmotionMap:
    """The numbers of an emotion space; `spaces.emotion` says what is done with them."""

    #: float32 (dim,), of embeddings of length 1
    embedding_mean: NDArray[np.float32]
    #: float32 (dim, d), columns of length 1 at right angles: where embeddings differ within speakers
    basis: NDArray[np.float32]
    #: float32 (9,), of the square roots of scores
    score_mean: NDArray[np.float32]
    #: how far an utterance usually lies from its speaker's mean, times a constant: of embeddings and of scores
    embedding_baseline: float
    score_baseline: float
    #: by person, float32 (d + 9 + c,): how far their mean lies from everybody's, shrunken; others are taken for average
    offsets: Mapping[str, NDArray[np.float32]]
    #: float32 (dim + 9, c): what annotations tell of embedding and roots of scores; None: there are none
    taught: NDArray[np.float32] | None = None
    #: as the other two, of what annotations tell
    taught_baseline: float = 1.0
    #: share of the similarity that it has
    taught_weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSpace:
    """One fit of a space to a collection's generation."""

    name: str
    version: int
    fitted_at: datetime
    #: how many utterances it was fitted on
    utterances: int
    #: of them, those whose recordings were annotated
    annotated: int = 0
    #: position in the change log that it was fitted at
    seq: int
    #: how many people it knows
    people: int
    #: of them, how many were forgotten since, because no recording of theirs is left
    forgotten: int
    #: what became of the table of labels that it was given, where it was given one just now
    table: TableRead | None = None
