"""Where in a recording a pattern holds most clearly, and how far each part extends there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.pattern import Pattern
from emovec_db.domain.track import FULL_LEVEL
from emovec_db.services.trajectories.holding import Ends, least_level, least_steps
from emovec_db.services.trajectories.steps import Steps

#: the level over which parts extend: more likely than not
EXTENDS_OVER: Final = FULL_LEVEL // 2 + 1


def placed(pattern: Pattern, steps: Steps, level: int) -> list[int]:
    """The places where parts begin and the last one ends, in a single recording in which the pattern holds at `level`.

    They are where the pattern first holds at that level. There a part that meets `any`, or nothing, extends as far as
    it holds at `level` or at `EXTENDS_OVER`, whichever is less; one that meets another gives and takes steps until both
    together have the most and still hold at it.
    """
    ends = Ends.of(pattern, steps)
    places = _first(ends, level)
    places[0] = 0 if pattern.parts[0].is_any else places[0]
    places[-1] = len(ends.row) - 1 if pattern.parts[-1].is_any else places[-1]
    floor = np.array([min(level, EXTENDS_OVER)], np.int64)
    bad = [np.flatnonzero(ends.bad(number, floor)) for number in range(len(pattern.parts))]
    for number, part in enumerate(pattern.parts):
        if not part.is_any:
            _extend(ends, places, number, bad[number], int(floor[0]))
    for after in range(1, len(pattern.parts)):
        if not (pattern.parts[after - 1].is_any or pattern.parts[after].is_any):
            places[after] = _change(ends, places, after, bad)
    return places


def _first(ends: Ends, level: int) -> list[int]:
    """The first places at which the pattern holds at the level, each part as short as it may be there."""
    reached = ends.reached(np.array([level], np.int64))
    places = [int(np.argmax(reached[-1]))]
    for number in reversed(range(len(reached))):
        latest = places[-1] - least_steps(ends.pattern.parts[number])
        places.append(int(np.flatnonzero(reached[number - 1][: latest + 1])[-1]) if number else latest)
    return places[::-1]


def _change(ends: Ends, places: list[int], after: int, bad: list[NDArray[np.intp]]) -> int:
    """The place between a part and the one `after` it at which both together have the most, and both hold."""
    begin, here, end = places[after - 1 : after + 2]
    first, second = (least_steps(part) for part in ends.pattern.parts[after - 1 : after + 1])
    too_late = bad[after - 1][bad[after - 1] > here].min(initial=end + 1)
    too_early = (bad[after][bad[after] < here + second]).max(initial=-1) - second
    at = np.arange(max(begin + first, too_early + 1), min(end - second + 1, too_late))
    return int(at[np.argmax(ends.sums[after - 1][at] - ends.sums[after][at])])


def _extend(ends: Ends, places: list[int], number: int, bad: NDArray[np.intp], floor: int) -> None:
    """Move a part's beginning and end outwards over steps of no part or of `any`, to where it has gained the most."""
    part, parts, last = ends.pattern.parts[number], ends.pattern.parts, len(ends.row) - 1
    length = least_steps(part)
    gained = ends.sums[number] - max(floor, least_level(part)) * np.arange(last + 1)
    begin, end = places[number : number + 2]
    earliest, latest = begin if number else 0, end if number < len(parts) - 1 else last
    if number and parts[number - 1].is_any:
        earliest = places[number - 1] + least_steps(parts[number - 1])
    if number < len(parts) - 1 and parts[number + 1].is_any:
        latest = places[number + 2] - least_steps(parts[number + 1])
    earliest = max(earliest, bad[bad < begin + length].max(initial=-1) - length + 1)
    latest = min(latest, bad[bad > end].min(initial=last + 1) - 1)
    if earliest < begin:
        places[number] = int(earliest + np.argmin(gained[earliest : begin + 1]))
    if latest > end:
        places[number + 1] = int(end + np.argmax(gained[end : latest + 1]))
