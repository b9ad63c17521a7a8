"""From probabilities of speech to segments that begin and end in pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Where utterances begin and end; durations in seconds. Any change is another segmentation."""

    #: speech begins where its probability reaches this, and ends where it falls below `ends_below`
    begins_at: float = 0.3
    ends_below: float = 0.15
    #: a shorter gap in speech is no pause
    pause_s: float = 0.3
    #: less speech between two pauses is a click or a breath
    least_speech_s: float = 0.25
    #: speech shorter than `target_from_s` joins its neighbour over a pause of at most `bridged_s`, where both fit into
    #: `target_to_s`
    target_from_s: float = 3.0
    target_to_s: float = 10.0
    bridged_s: float = 1.5
    #: shorter utterances are widened into the pauses around them
    shortest_s: float = 1.0
    #: added on either side, at most half the pause
    padding_s: float = 0.1
    #: the weakest point of speech without a pause is where the mean over this time is least
    dip_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector said of a waveform."""

    #: of speech at each step, float32 (steps,)
    probabilities: NDArray[np.float32]
    #: steps per second
    hz: float


#: first step and the step after the last
Stretch = tuple[int, int]


def utterances(detection: Detection, rules: Rules) -> list[Stretch]:
    """Stretches of speech in steps, in order: none over another, each `target_to_s` and twice the padding at most.

    Each is `shortest_s` at least, where the whole is.
    """
    found = _joined(speech(detection, rules), detection, rules)
    pieces = [piece for stretch in found for piece in _cut(stretch, detection, rules)]
    return _widened(pieces, detection, rules)


def speech(detection: Detection, rules: Rules) -> list[Stretch]:
    """Where speech is heard between pauses."""
    found: list[Stretch] = []
    for begin, end in _loud(detection.probabilities, rules):
        if found and begin - found[-1][1] < rules.pause_s * detection.hz:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return [(begin, end) for begin, end in found if end - begin >= rules.least_speech_s * detection.hz]


def _loud(probabilities: NDArray[np.float32], rules: Rules) -> Iterator[Stretch]:
    """Runs that stay at `ends_below` or above and reach `begins_at`, from where they reach it."""
    kept = np.flatnonzero(np.diff(probabilities >= rules.ends_below, prepend=False, append=False))
    for begin, end in kept.reshape(-1, 2).tolist():
        reached = probabilities[begin:end] >= rules.begins_at
        if reached.any():
            yield begin + int(reached.argmax()), end


def _joined(stretches: Sequence[Stretch], detection: Detection, rules: Rules) -> list[Stretch]:
    """Short stretches with their neighbours."""
    joined: list[Stretch] = []
    for begin, end in stretches:
        if joined and _belong_together(joined[-1], (begin, end), detection.hz, rules):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def _belong_together(first: Stretch, second: Stretch, hz: float, rules: Rules) -> bool:
    shorter_s = min(first[1] - first[0], second[1] - second[0]) / hz
    fit = (second[1] - first[0]) / hz <= rules.target_to_s
    near = (second[0] - first[1]) / hz <= rules.bridged_s
    # one under the least length has no room of its own here; what gets too long by it is cut again
    return near and (shorter_s < rules.shortest_s or (fit and shorter_s < rules.target_from_s))


def _cut(stretch: Stretch, detection: Detection, rules: Rules) -> Iterator[Stretch]:
    """Pieces of `target_from_s` to `target_to_s`, cut where speech is weakest."""
    begin, end = stretch
    least, most = int(rules.target_from_s * detection.hz), int(rules.target_to_s * detection.hz)
    while end - begin > most:
        weakest = _weakest(detection, begin + least, min(begin + most, end - least), rules)
        yield begin, weakest
        begin = weakest
    yield begin, end


def _weakest(detection: Detection, first: int, last: int, rules: Rules) -> int:
    """The step from `first` to `last` around which speech is least probable; of equals the last."""
    around = max(1, round(rules.dip_s * detection.hz / 2))
    means = np.convolve(detection.probabilities[first - around : last + around + 1], np.ones(2 * around + 1), "valid")
    return last - int(means[::-1].argmin())


def _widened(pieces: Sequence[Stretch], detection: Detection, rules: Rules) -> list[Stretch]:
    """With padding, and to the least length, up to the middle of each pause."""
    if not pieces:
        return []
    middles = [(before[1] + after[0]) // 2 for before, after in pairwise(pieces)]
    padding, shortest = int(rules.padding_s * detection.hz), int(np.ceil(rules.shortest_s * detection.hz))
    widened = []
    for (begin, end), low, high in zip(pieces, [0, *middles], [*middles, len(detection.probabilities)], strict=True):
        more = max(padding, (shortest - (end - begin) + 1) // 2)
        last = min(high, end + more)
        first = max(low, min(begin - more, last - shortest))
        widened.append((first, max(last, min(high, first + shortest))))
    return widened
