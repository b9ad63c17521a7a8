"""How clearly a pattern holds in each of many recordings at best.

A pattern holds at a level where its parts follow one another, and every stretch within a part that is as long as the
part must be has a mean share of at least that level. So what is shorter neither is a part nor ends one, and a part
hides nothing that lasts. The clearest place is a widest path (the one whose weakest link is strongest): for a given
level one pass over the steps per part tells where the parts so far can end, and bisection over the 256 levels finds the
greatest one exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.pattern import Part, Pattern
from emovec_db.domain.track import FULL_LEVEL, TRACK_HZ
from emovec_db.services.trajectories.steps import Steps


def least_steps(part: Part) -> int:
    """How many steps a part lasts at least."""
    return math.ceil(part.min_duration_s * TRACK_HZ)


def least_level(part: Part) -> int:
    """The mean share that a part must have in any case, 0 to `FULL_LEVEL`."""
    return math.ceil(part.min_score * FULL_LEVEL)


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Where parts of a pattern may begin and end: between steps, n + 1 places in a recording of n steps."""

    pattern: Pattern
    #: intp (recordings,): each recording's first place
    first: NDArray[np.intp]
    #: intp (places,): whose each is
    row: NDArray[np.intp]
    #: int64 (places,) per part: the sum of its shares before it
    sums: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, pattern: Pattern, steps: Steps) -> Ends:
        """Of all recordings of `steps`."""
        row = np.repeat(np.arange(len(steps.lengths)), steps.lengths + 1)
        before = np.arange(len(row)) - row
        sums = {
            labels: np.concatenate([[0], np.cumsum(steps.shares(labels))])[before]
            for labels in {part.labels for part in pattern.parts}
        }
        first = steps.bounds[:-1] + np.arange(len(steps.lengths))
        return cls(pattern, first, row, tuple(sums[part.labels] for part in pattern.parts))

    def bad(self, number: int, levels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Bool (places,): whether the stretch of a part's least duration that ends there has less than its level.

        `levels`: int64 (recordings,), of which a part has to have its own least level at least.
        """
        part, sums = self.pattern.parts[number], self.sums[number]
        length = min(least_steps(part), len(sums))
        least = np.maximum(levels, least_level(part)) * length
        begun = self.row[: len(sums) - length]
        bad = np.zeros(len(sums), np.bool_)
        bad[length:] = (sums[length:] - sums[: len(sums) - length] < least[begun]) & (self.row[length:] == begun)
        return bad

    def reached(self, levels: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
        """Bool (places,) per part: where it may end with all before it, at the level of each recording."""
        start, open_at = self.first[self.row], np.ones(len(self.row), np.bool_)
        reached = []
        for number, part in enumerate(self.pattern.parts):
            length = least_steps(part)
            # the part may begin from here on: after the beginning of the last bad stretch, in the same recording
            earliest = np.maximum(_last(self.bad(number, levels)) - length + 1, start)
            began, late = _last(open_at), min(length, len(self.row))
            open_at = np.zeros(len(self.row), np.bool_)
            open_at[late:] = began[: len(began) - late] >= earliest[late:]
            reached.append(open_at)
        return reached

    def hold(self, levels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Bool (recordings,): whether the pattern holds in each at its level, int64 (recordings,)."""
        if not len(self.first):
            return np.empty(0, np.bool_)
        held: NDArray[np.bool_] = np.logical_or.reduceat(self.reached(levels)[-1], self.first)
        return held


def clearest(pattern: Pattern, steps: Steps, least: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The recordings in which the pattern holds at level `least`, and the greatest level at which it does.

    Rows of `steps`, intp (found,), ascending, and levels, int64 (found,), `least` to `FULL_LEVEL`.
    """
    ends = Ends.of(pattern, steps)
    rows = np.flatnonzero(ends.hold(np.full(len(steps.lengths), least, np.int64)))
    if not len(rows):
        return rows, np.empty(0, np.int64)
    ends = Ends.of(pattern, steps.some(rows))
    low, high = np.full(len(rows), least, np.int64), np.full(len(rows), FULL_LEVEL, np.int64)
    while (low < high).any():
        middle = (low + high + 1) // 2
        held = ends.hold(middle)
        low, high = np.where(held, middle, low), np.where(held, high, middle - 1)
    return rows, low


def _last(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The last marked place up to each, or -1."""
    last: NDArray[np.int64] = np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))
    return last
