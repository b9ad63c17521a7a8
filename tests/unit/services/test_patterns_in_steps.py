"""Where patterns hold, against trying every way to lay their parts into a recording."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.domain.pattern import Part, Pattern
from emovec_db.domain.track import FULL_LEVEL, Track
from emovec_db.emotions import LABELS
from emovec_db.services.trajectories.holding import clearest, least_level, least_steps
from emovec_db.services.trajectories.placing import EXTENDS_OVER, placed
from emovec_db.services.trajectories.steps import Steps

NAMES = ("angry", "neutral", "sad")
PARTS = st.builds(
    lambda what, steps, score: (what, steps, score),
    st.sampled_from([*NAMES, "angry|sad", "not angry", "any"]),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.0, 0.3, 0.7]),
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    parts = draw(st.lists(PARTS, min_size=1, max_size=3).filter(lambda parts: any(part[0] != "any" for part in parts)))
    texts = [f"{what}>={score} {steps / 2}s" if what != "any" else what for what, steps, score in parts]
    return Pattern.parse(" > ".join(texts))


def tracks(max_steps: int) -> st.SearchStrategy[Track]:
    """A few labels that change, with pauses."""

    def of(rows: list[tuple[int, int, int]]) -> Track:
        levels = np.zeros((len(rows), len(LABELS)), np.uint8)
        for row, shares in zip(levels, rows, strict=True):
            for name, share in zip(NAMES, shares, strict=True):
                row[LABELS.index(name)] = share * 21
        return Track(2.0, levels)

    # twelve parts of each step go to three labels; none at all is a pause
    step = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(
        lambda cut: (min(cut), max(cut) - min(cut), 12 - max(cut))
    )
    return st.lists(step | st.just((0, 0, 0)), min_size=1, max_size=max_steps).map(of)


def segmentations(pattern: Pattern, length: int) -> Iterator[tuple[int, ...]]:
    for places in combinations_with_replacement(range(length + 1), len(pattern.parts) + 1):
        if all(b - a >= least_steps(part) for part, (a, b) in zip(pattern.parts, pairwise(places), strict=True)):
            yield places


def level_of(pattern: Pattern, shares: list[NDArray[np.int64]], places: tuple[int, ...]) -> int:
    """The greatest level at which the pattern holds there; -1: at none, since a part has less than it must."""
    level = FULL_LEVEL
    for part, share, (begin, end) in zip(pattern.parts, shares, pairwise(places), strict=True):
        length = least_steps(part)
        if length:
            least = min(int(share[at : at + length].sum()) for at in range(begin, end - length + 1)) // length
            if least < least_level(part):
                return -1
            level = min(level, least)
    return level


@given(patterns(), st.lists(tracks(9), min_size=1, max_size=4), st.integers(0, 200))
def test_levels_are_those_of_all_ways_to_lay_the_parts(pattern: Pattern, given: list[Track], least: int) -> None:
    steps = Steps.of(list(enumerate(given, start=5)))
    expected = {}
    for row, track in enumerate(given):
        alone = Steps.of([(1, track)])
        shares = [alone.shares(part.labels) for part in pattern.parts]
        levels = [level_of(pattern, shares, places) for places in segmentations(pattern, int(alone.lengths[0]))]
        if max(levels, default=-1) >= least:
            expected[row] = max(levels)
    rows, levels = clearest(pattern, steps, least)
    assert dict(zip(rows.tolist(), levels.tolist(), strict=True)) == expected


@given(patterns(), tracks(30))
def test_parts_keep_what_they_must_and_give_what_they_need_not(pattern: Pattern, track: Track) -> None:
    steps = Steps.of([(1, track)])
    rows, levels = clearest(pattern, steps, 0)
    if not len(rows):
        return
    level = int(levels[0])
    places = placed(pattern, steps, level)
    shares = [steps.shares(part.labels) for part in pattern.parts]
    floor = min(level, EXTENDS_OVER)
    assert places[0] >= 0
    assert places[-1] <= steps.lengths[0]
    assert level_of(pattern, shares, tuple(places)) >= floor
    assert all(b - a >= least_steps(part) for part, (a, b) in zip(pattern.parts, pairwise(places), strict=True))


def test_a_change_is_where_both_parts_have_the_most() -> None:
    """Against every other place of the change; the tracks fill the pattern, so that its ends can't move."""
    pattern = Pattern.parse("angry 1s > neutral 1s")
    rng = np.random.default_rng(5)
    for _ in range(50):
        levels = np.zeros((16, len(LABELS)), np.uint8)
        levels[:, LABELS.index("angry")] = np.sort(rng.integers(0, 256, 16))[::-1]
        levels[:, LABELS.index("neutral")] = FULL_LEVEL - levels[:, LABELS.index("angry")]
        steps = Steps.of([(1, Track(2.0, levels))])
        rows, found = clearest(pattern, steps, 0)
        assert rows.tolist() == [0]
        begin, change, end = placed(pattern, steps, int(found[0]))
        first, second = (steps.shares(part.labels) for part in pattern.parts)
        assert (begin, end) == (0, 16)
        ways = {at: level_of(pattern, [first, second], (0, at, 16)) for at in range(2, 15)}
        holding = [at for at, level in ways.items() if level >= min(int(found[0]), EXTENDS_OVER)]
        totals = {at: first[:at].sum() + second[at:].sum() for at in holding}
        assert totals[change] == max(totals.values())


def course(*stretches: tuple[str, int, int]) -> Track:
    """(label, steps, level of the label); the rest is `other`'s. `pause` is silence."""
    levels = []
    for label, count, level in stretches:
        row = np.zeros(len(LABELS), np.uint8)
        if label != "pause":
            row[LABELS.index(label)] = level
            row[LABELS.index("other")] += FULL_LEVEL - level
        levels += [row] * count
    return Track(2.0, np.array(levels, np.uint8))


@pytest.mark.parametrize(
    ("pattern", "stretches", "expected"),
    [
        # parts extend as far as their label goes, the noise around stays out
        ("neutral > angry", [("sad", 8, 200), ("neutral", 20, 230), ("angry", 16, 220), ("happy", 9, 250)],
         [8, 28, 44]),
        # a flicker neither ends a part nor is one; what lasts is one and ends one; of two as clear it is the first
        ("neutral > angry", [("neutral", 10, 230), ("angry", 3, 230), ("neutral", 10, 230)], None),
        ("neutral > angry 2s", [("neutral", 10, 230), ("angry", 4, 230), ("neutral", 10, 230)], [0, 10, 14]),
        ("neutral 2s", [("neutral", 10, 230), ("angry", 1, 230), ("neutral", 10, 230)], [0, 21]),
        ("neutral 2s", [("neutral", 10, 230), ("angry", 4, 230), ("neutral", 12, 230)], [0, 10]),
        ("neutral 2s", [("neutral", 10, 230), ("angry", 4, 230), ("neutral", 12, 240)], [14, 26]),
        # nothing that lasts is hidden in a part
        ("happy > angry", [("happy", 20, 230), ("sad", 8, 230), ("angry", 40, 230)], None),
        ("angry 10s", [("angry", 15, 255), ("sad", 30, 255), ("angry", 15, 255)], [0, 20]),
        ("angry>=0.9 10s", [("angry", 15, 255), ("sad", 30, 255), ("angry", 15, 255)], None),
        # pauses neither count nor interrupt
        ("neutral 5s > angry 2s", [("neutral", 5, 230), ("pause", 40, 0), ("neutral", 5, 230), ("angry", 4, 230)],
         [0, 10, 14]),
        # anything may be between, also nothing
        ("neutral > any > angry", [("neutral", 9, 230), ("sad", 30, 230), ("angry", 8, 230)], [0, 9, 39, 47]),
        ("neutral > any > angry", [("neutral", 9, 230), ("angry", 8, 230)], [0, 9, 9, 17]),
        ("neutral > any 6s > angry", [("neutral", 9, 230), ("angry", 8, 230)], None),
        ("any 5s > angry > any", [("neutral", 30, 230), ("angry", 8, 230), ("sad", 3, 230)], [0, 30, 38, 41]),
        ("angry > not angry", [("angry", 9, 230), ("sad", 5, 230), ("happy", 5, 230)], [0, 9, 19]),
        ("neutral > angry|sad > neutral",
         [("neutral", 6, 230), ("sad", 3, 230), ("angry", 3, 230), ("neutral", 6, 230)], [0, 6, 12, 18]),
        ("neutral > sad > neutral", [("neutral", 6, 230), ("sad", 3, 230), ("angry", 3, 230), ("neutral", 6, 230)],
         None),
        # the clearest, not the longest
        ("neutral > angry", [("neutral", 60, 150), ("angry", 60, 150), ("happy", 9, 255), ("neutral", 6, 250),
                             ("angry", 6, 250)], [129, 135, 141]),
        ("angry>=0.95", [("angry", 6, 250), ("angry", 6, 200)], [0, 6]),
        ("angry>=0.99", [("angry", 6, 250), ("angry", 6, 200)], None),
    ],
)  # fmt: skip
def test_planted_patterns(pattern: str, stretches: list[tuple[str, int, int]], expected: list[int] | None) -> None:
    parsed, steps = Pattern.parse(pattern), Steps.of([(1, course(*stretches))])
    rows, levels = clearest(parsed, steps, 128)
    assert (placed(parsed, steps, int(levels[0])) if len(rows) else None) == expected


def test_durations_are_those_of_the_pattern() -> None:
    steps = Steps.of([(7, course(("angry", 10, 255)))])
    assert [len(clearest(Pattern.parse(f"angry {seconds}s"), steps, 1)[0]) for seconds in (5, 5.1, 86_400)] == [1, 0, 0]
    assert least_steps(Part("angry", ("angry",), 0.6)) == 2
