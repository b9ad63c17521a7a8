"""Where recordings too long for one pass are cut."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def cuts(frames: int, most: int, pauses: Sequence[int] = ()) -> list[int]:
    """Marks from 0 to `frames`, at most `most` frames apart.

    Each is the pause (frames, in order) that shares out the rest most evenly, among those that leave no stretch
    shorter than a quarter of `most`; where there is none, stretches are about equal.
    """
    marks = [0]
    while (left := frames - marks[-1]) > most:
        even = marks[-1] + -(-left // -(-left // most))
        least, last = marks[-1] + most // 4, min(marks[-1] + most, frames - most // 4)
        near = pauses[bisect_left(pauses, least) : bisect_right(pauses, last)]
        marks.append(min(near, key=lambda pause: abs(pause - even), default=even))
    return [*marks, frames]
