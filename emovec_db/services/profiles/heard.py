"""A customer's recordings, each summed up over its utterances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.recording import Utterance


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """A recording, summed up over its utterances."""

    utterances: tuple[Utterance, ...]
    #: unit vector float32 (dim,), the normalised duration-weighted mean of its utterances' vectors
    vector: NDArray[np.float32]
    #: float64 (9,), duration-weighted mean
    scores: NDArray[np.float64]

    @property
    def recorded_at(self) -> datetime | None:
        return self.utterances[0].recorded_at


@dataclass(frozen=True, slots=True)
class TimedRecording:
    """What the course of a customer's emotion is made of."""

    recorded_at: datetime
    #: float64 (9,)
    scores: NDArray[np.float64]


def heard_recordings(utterances: Sequence[Utterance], vectors: NDArray[np.float32]) -> list[HeardRecording]:
    """From utterances and their unit vectors, float32 (n, dim), in the order in which recordings appear."""
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, utterance in enumerate(utterances):
        rows_of[utterance.recording_id].append(row)
    heard = []
    for rows in rows_of.values():
        own = tuple(utterances[row] for row in rows)
        durations = np.array([utterance.end_s - utterance.start_s for utterance in own])
        weights = durations / durations.sum()
        scores = weights @ np.array([utterance.prediction.scores for utterance in own])
        heard.append(HeardRecording(own, unit_vector(weights.astype(np.float32) @ vectors[rows]), scores))
    return heard


def in_order_of_time(heard: Sequence[HeardRecording]) -> list[TimedRecording]:
    """Those whose time is known; at the same time, the one that was stored before comes first."""
    timed = [TimedRecording(one.recorded_at, one.scores) for one in heard if one.recorded_at is not None]
    return sorted(timed, key=lambda one: one.recorded_at)


def unit_vector(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vector` at length one; vectors that cancel out to zero stay zero."""
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)
