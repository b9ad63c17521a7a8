"""Recordings too long for one pass: equal windows that overlap, and which frames each of them gives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES

#: 30 s, the longest that is computed in one piece
WINDOW_FRAMES: Final = 1500
#: 5 s. Attention falls off with distance and the positional convolutions see 0.9 s, so 2.5 s of context on either side
#: of every frame leave little of the cut to be seen
OVERLAP_FRAMES: Final = 250


@dataclass(frozen=True, slots=True)
class Window:
    """Frames `first` up to `last` (exclusive) of a recording, computed together."""

    first: int
    last: int
    #: of the window's frames those that enter the result
    own: slice

    def samples(self, length: int) -> slice:
        """The window's samples; the last window takes all that a recording of `length` samples still has."""
        end = (self.last - 1) * FRAME_STEP_SAMPLES + FRAME_SAMPLES
        return slice(self.first * FRAME_STEP_SAMPLES, length if end + FRAME_STEP_SAMPLES > length else end)


def frame_count(samples: int) -> int:
    """Frames of so many samples, 400 or more."""
    return (samples - FRAME_SAMPLES) // FRAME_STEP_SAMPLES + 1


def windows(frames: int) -> list[Window]:
    """The fewest equal windows over `frames` frames that overlap by `OVERLAP_FRAMES` or more.

    Each frame belongs to one window: an overlap is halved between its two.
    """
    if frames <= WINDOW_FRAMES:
        return [Window(0, frames, slice(0, frames))]
    count = -(-(frames - OVERLAP_FRAMES) // (WINDOW_FRAMES - OVERLAP_FRAMES))
    firsts = [place * (frames - WINDOW_FRAMES) // (count - 1) for place in range(count)]
    cuts = [0, *((first + left + WINDOW_FRAMES) // 2 for left, first in pairwise(firsts)), frames]
    return [
        Window(first, first + WINDOW_FRAMES, slice(start - first, stop - first))
        for first, (start, stop) in zip(firsts, pairwise(cuts), strict=True)
    ]
