"""Intervals and verdicts against SciPy's bootstrap and by what they promise."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from emovec_db.emotions import LABELS
from emovec_db.services.profiles import estimates as module
from emovec_db.services.profiles.estimates import DIFFERENCE_MIN_RECORDINGS, chances, differences, estimates, interval


def scores(count: int, seed: int, *concentration: float) -> NDArray[np.float64]:
    """Recordings' scores, float64 (count, 9)."""
    alpha = [*concentration, *[1.0] * (len(LABELS) - len(concentration))]
    return np.random.default_rng(seed).dirichlet(alpha, count)


@pytest.mark.parametrize("count", [3, 8, 60])
def test_intervals_are_scipys(count: int) -> None:
    drawn = scores(count, seed=count)

    bounds = interval(drawn)

    assert bounds is not None
    expected = stats.bootstrap(
        (drawn,), np.mean, axis=0, vectorized=True, n_resamples=20_000, method="percentile",
        rng=np.random.default_rng(9),
    ).confidence_interval  # fmt: skip
    # of 2,000 resamples a percentile is off by a few hundredths of the spread of means
    off = 0.25 * drawn.std(axis=0).max() / np.sqrt(count)
    np.testing.assert_allclose(bounds[0], expected.low, atol=off)
    np.testing.assert_allclose(bounds[1], expected.high, atol=off)


def test_differences_are_scipys() -> None:
    these, those = scores(12, 1, 4.0), scores(30, 2)

    found = differences(these, those)

    expected = stats.bootstrap(
        (these, those), lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis), axis=0, vectorized=True,
        n_resamples=20_000, method="percentile", rng=np.random.default_rng(9),
    ).confidence_interval  # fmt: skip
    for number, label in enumerate(LABELS):
        one = found[label]
        assert one.difference == pytest.approx(these[:, number].mean() - those[:, number].mean())
        assert one.low == pytest.approx(expected.low[number], abs=0.015)
        assert one.high == pytest.approx(expected.high[number], abs=0.015)
    assert found["angry"].verdict == "higher"
    assert differences(those, these)["angry"].verdict == "lower"


def test_the_same_on_both_sides_is_no_difference() -> None:
    drawn = scores(20, 3)

    assert {one.verdict for one in differences(drawn, drawn).values()} == {"unclear"}


def test_a_tiny_difference_is_none_however_certain() -> None:
    these, those = np.full((50, 9), 1 / 9), np.full((50, 9), 1 / 9)
    these[:, 0] += 0.04

    one = differences(these, those)["angry"]

    assert (one.low, one.high) == pytest.approx((0.04, 0.04))
    assert one.verdict == "unclear"


def test_too_few_recordings_say_nothing() -> None:
    few, many = scores(DIFFERENCE_MIN_RECORDINGS - 1, 4), scores(40, 5)

    for these, those in ((few, many), (many, few), (many, many[:0])):
        assert {(one.difference, one.low, one.high, one.verdict) for one in differences(these, those).values()} == {
            (None, None, None, "too_few")
        }
    assert interval(few[:2]) is None
    assert estimates(few[:1])["angry"].low is None


def test_memory_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = scores(50, 6)
    whole = interval(drawn)
    monkeypatch.setattr(module, "_CELLS", 50 * 7)

    np.testing.assert_array_equal(whole, interval(drawn))


@pytest.mark.parametrize("shift", [0.0, 2.0, 6.0])
def test_chances_are_those_of_all_ways_to_deal(shift: float) -> None:
    these, those = scores(5, 11, 1.0 + shift), scores(6, 12)
    together = np.concatenate([these, those])
    deviations = together.std(axis=0)

    def differ(chosen: Sequence[int]) -> NDArray[np.float64]:
        rest = np.setdiff1d(np.arange(11), chosen)
        return np.abs(together[list(chosen)].mean(axis=0) - together[rest].mean(axis=0)) / deviations

    greatest = np.array([differ(chosen).max() for chosen in itertools.combinations(range(11), 5)])
    expected = [(greatest >= one - 1e-9).mean() for one in differ(range(5))]

    np.testing.assert_allclose(chances(these, those), expected, atol=0.05)


def test_hardly_ever_a_difference_where_there_is_none() -> None:
    """Both sides are drawn alike: of twenty customers, chance gives about one that has changed in any label."""
    skewed = (0.6, 0.1, 0.1, 0.4, 1.0, 0.02, 0.4, 0.15, 0.02)
    changed = [
        any(
            one.verdict != "unclear"
            for one in differences(scores(5, 1_000 + seed, *skewed), scores(15, 2_000 + seed, *skewed)).values()
        )
        for seed in range(100)
    ]

    assert sum(changed) <= 11


def test_labels_that_are_never_heard_differ_in_nothing() -> None:
    these, those = np.zeros((6, 9)), np.zeros((7, 9))

    assert {one.verdict for one in differences(these, those).values()} == {"unclear"}
