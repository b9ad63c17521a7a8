"""Recordings too long for one pass: windows that overlap, and which frames each of them gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES
from emovec_db.encoder.stretches import cuts

#: 30 s, the longest that is computed in one piece
WINDOW_FRAMES: Final = 1500
#: 2.5 s. Attention falls off with distance and the positional convolutions see 0.9 s, so this much context on either
#: side of every frame leaves little of the cut to be seen
CONTEXT_FRAMES: Final = 125
#: of a window those that enter the result, at most
OWN_FRAMES: Final = WINDOW_FRAMES - 2 * CONTEXT_FRAMES


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


def windows(frames: int, pauses: Sequence[int] = ()) -> list[Window]:
    """Windows of at most 30 s over `frames` frames, each with `CONTEXT_FRAMES` of its neighbours' on either side.

    Each frame belongs to one window. One hands over to the next in one of `pauses` where `cuts` finds one.
    """
    if frames <= WINDOW_FRAMES:
        return [Window(0, frames, slice(0, frames))]
    return [_window(start, stop, frames) for start, stop in pairwise(cuts(frames, OWN_FRAMES, pauses))]


def _window(start: int, stop: int, frames: int) -> Window:
    first = max(0, start - CONTEXT_FRAMES)
    return Window(first, min(frames, stop + CONTEXT_FRAMES), slice(start - first, stop - first))
