"""The coarse course of the nine scores over a recording, small enough to be kept with each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import Frames
from emovec_db.emotions import LABELS

#: steps per second
TRACK_HZ: Final = 2.0
#: the level of a score of 1
FULL_LEVEL: Final = 255
#: frames begin on samples, whose times in seconds are rounded
_ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The mean scores of the frames that begin in each half second of a recording.

    The last step is what remains: 0.25 s or more, under 0.75 s. Steps in which nothing was encoded, such as pauses,
    have nine zeros; no other step has, since scores sum to 1.
    """

    #: steps per second
    hz: float
    #: uint8 (steps, 9): scores times 255, rounded
    levels: NDArray[np.uint8]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Float32 (steps, 9), each within 1/510 of the mean that it stands for."""
        return self.levels.astype(np.float32) / np.float32(FULL_LEVEL)

    @property
    def encoded(self) -> NDArray[np.bool_]:
        """Bool (steps,): whether anything was encoded there."""
        encoded: NDArray[np.bool_] = self.levels.max(axis=1) > 0
        return encoded

    def coarser(self, max_steps: int) -> Track:
        """The same course in at most `max_steps` steps, each the mean of as many of these, of those encoded."""
        together = max(1, -(-len(self.levels) // max_steps))
        starts = np.arange(0, len(self.levels), together)
        sums = np.add.reduceat(self.levels, starts, axis=0, dtype=np.int64)
        counts = np.add.reduceat(self.encoded, starts, dtype=np.int64)
        means = sums / np.maximum(counts, 1)[:, None]
        return Track(self.hz / together, np.rint(means).astype(np.uint8))

    @classmethod
    def of(cls, duration_s: float, utterances: Iterable[tuple[float, Frames]]) -> Track:
        """Of a recording of `duration_s`, from the start in seconds and the frames of each of its utterances."""
        steps = max(1, math.floor(duration_s * TRACK_HZ + 0.5))
        sums, counts = np.zeros((steps, len(LABELS))), np.zeros(steps)
        for start_s, frames in utterances:
            begin_s = start_s + np.arange(len(frames.scores)) / frames.hz + _ROUNDING_S
            step = np.minimum((begin_s * TRACK_HZ).astype(np.intp), steps - 1)
            np.add.at(sums, step, frames.scores)
            np.add.at(counts, step, 1)
        means = sums / np.maximum(counts, 1)[:, None]
        return cls(TRACK_HZ, np.rint(means * FULL_LEVEL).astype(np.uint8))
