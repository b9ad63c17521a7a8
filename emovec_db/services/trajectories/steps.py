"""Tracks of many recordings laid end to end, without the steps of pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.track import FULL_LEVEL, TRACK_HZ, Track
from emovec_db.emotions import LABELS

#: laid end to end at once: what is computed of them takes about 100 bytes each
STEPS_AT_ONCE = 250_000


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The encoded steps of n recordings, m in all: pauses neither count nor interrupt."""

    #: int64 (n,)
    recording_ids: NDArray[np.int64]
    #: intp (n + 1,): where each recording's steps begin, and m
    bounds: NDArray[np.intp]
    #: uint8 (m, 9)
    levels: NDArray[np.uint8]
    #: int32 (m,): of all nine together
    totals: NDArray[np.int32]
    #: intp (m,): which step of its recording each is
    numbers: NDArray[np.intp]

    @property
    def lengths(self) -> NDArray[np.intp]:
        """How many steps each recording has, intp (n,)."""
        return np.diff(self.bounds)

    @classmethod
    def of(cls, tracks: Sequence[tuple[int, Track]]) -> Steps:
        """Of recordings by id, with steps of `TRACK_HZ`."""
        bounds = np.cumsum([0, *(len(track.levels) for _, track in tracks)])
        levels = np.concatenate([np.empty((0, len(LABELS)), np.uint8), *(track.levels for _, track in tracks)])
        totals = _sums(levels, LABELS)
        encoded = totals > 0
        numbers = np.arange(len(levels)) - np.repeat(bounds[:-1], np.diff(bounds))
        return cls(
            np.array([recording_id for recording_id, _ in tracks], np.int64),
            np.concatenate([[0], np.cumsum(encoded)])[bounds].astype(np.intp),
            levels[encoded],
            totals[encoded],
            numbers[encoded],
        )

    def some(self, rows: NDArray[np.intp]) -> Steps:
        """Of some of the recordings only, by their rows."""
        slices = [slice(self.bounds[row], self.bounds[row + 1]) for row in rows.tolist()]
        return Steps(
            self.recording_ids[rows],
            np.concatenate([[0], np.cumsum(self.lengths[rows])]).astype(np.intp),
            np.concatenate([self.levels[:0], *(self.levels[part] for part in slices)]),
            np.concatenate([self.totals[:0], *(self.totals[part] for part in slices)]),
            np.concatenate([self.numbers[:0], *(self.numbers[part] for part in slices)]),
        )

    def shares(self, labels: tuple[str, ...]) -> NDArray[np.int64]:
        """What these labels have of each step together, int64 (m,), 0 to `FULL_LEVEL`; all nine have all of it."""
        shares: NDArray[np.int64] = np.rint(_sums(self.levels, labels) * (FULL_LEVEL / self.totals)).astype(np.int64)
        return shares

    def stretch_s(self, start: int, end: int) -> tuple[float, float]:
        """From where to where steps `start` to `end` - 1 of a single recording last, in seconds; a moment for none."""
        end_s = float(self.numbers[end - 1] + 1) / TRACK_HZ if end else 0.0
        return (float(self.numbers[start]) / TRACK_HZ if start < end else end_s), end_s


def _sums(levels: NDArray[np.uint8], labels: Sequence[str]) -> NDArray[np.int32]:
    """The levels of these labels together, int32 (m,); by columns, which is ten times as fast as by rows."""
    sums = np.zeros(len(levels), np.int32)
    for label in labels:
        sums += levels[:, LABELS.index(label)]
    return sums


def batches(tracks: Iterable[tuple[int, Track]]) -> Iterator[Steps]:
    """About `STEPS_AT_ONCE` steps at a time."""
    waiting: list[tuple[int, Track]] = []
    steps = 0
    for recording_id, track in tracks:
        waiting.append((recording_id, track))
        steps += len(track.levels)
        if steps >= STEPS_AT_ONCE:
            yield Steps.of(waiting)
            waiting, steps = [], 0
    if waiting:
        yield Steps.of(waiting)
