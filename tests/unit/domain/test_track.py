"""Coarse tracks against a plain loop over frames."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.domain.encoding import Frames
from emovec_db.domain.track import Track

#: rounding to 255 levels
HALF_A_LEVEL = 0.5 / 255 + 1e-6


def frames(count: int, hz: float, seed: int) -> Frames:
    return Frames(hz, np.random.default_rng(seed).dirichlet(np.ones(9), count).astype(np.float32))


def means(duration_s: float, utterances: list[tuple[float, Frames]]) -> list[NDArray[np.float64] | None]:
    """By step, the mean of the frames that begin in it."""
    steps = max(1, math.floor(duration_s * 2 + 0.5))
    by_step: list[list[NDArray[np.float32]]] = [[] for _ in range(steps)]
    for start_s, own in utterances:
        for place, scores in enumerate(own.scores):
            by_step[min(math.floor((start_s + place / own.hz + 1e-6) * 2), steps - 1)].append(scores)
    return [np.mean(step, axis=0, dtype=np.float64) if step else None for step in by_step]


@given(
    lengths=st.lists(st.tuples(st.integers(1, 120), st.integers(0, 60)), min_size=1, max_size=4),
    hz=st.sampled_from([25.0, 50.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_utterances_with_gaps_between(lengths: list[tuple[int, int]], hz: float, seed: int) -> None:
    utterances, end_s = [], 0.0
    for count, gap in lengths:
        start_s = end_s + gap / 16
        utterances.append((start_s, frames(count, hz, seed)))
        end_s = start_s + count / hz
    track = Track.of(end_s, utterances)
    expected = means(end_s, utterances)
    assert (track.hz, track.levels.dtype, track.levels.shape) == (2.0, np.uint8, (len(expected), 9))
    for scores, encoded, mean in zip(track.scores, track.encoded, expected, strict=True):
        assert encoded == (mean is not None)
        np.testing.assert_allclose(scores, 0 if mean is None else mean, rtol=0, atol=HALF_A_LEVEL)


@pytest.mark.parametrize(
    ("duration_s", "steps"), [(0.04, 1), (0.5, 1), (0.74, 1), (0.75, 2), (1.0, 2), (1.24, 2), (1.25, 3), (60.0, 120)]
)
def test_the_last_step_is_what_remains(duration_s: float, steps: int) -> None:
    track = Track.of(duration_s, [(0.0, frames(max(1, int(duration_s * 50)), 50.0, 0))])
    assert len(track.levels) == steps
    assert track.encoded.all()


def test_even_scores_are_no_gap() -> None:
    even = Frames(50.0, np.full((25, 9), 1 / 9, np.float32))
    assert Track.of(1.0, [(0.5, even)]).levels.tolist() == [[0] * 9, [28] * 9]


@given(
    levels=st.lists(st.lists(st.integers(0, 255), min_size=9, max_size=9) | st.just([0] * 9), min_size=1, max_size=60),
    max_steps=st.integers(1, 70),
)
def test_a_coarser_track_has_the_means_of_what_was_encoded(levels: list[list[int]], max_steps: int) -> None:
    track = Track(2.0, np.array(levels, np.uint8))
    coarser = track.coarser(max_steps)
    together = math.ceil(len(levels) / max_steps)
    assert coarser.hz * together == pytest.approx(track.hz)
    assert len(coarser.levels) == math.ceil(len(levels) / together) <= max_steps
    for place, step in enumerate(coarser.levels):
        heard = [each for each in levels[place * together : (place + 1) * together] if any(each)]
        np.testing.assert_allclose(step, np.mean(heard, axis=0) if heard else 0, rtol=0, atol=0.5)
