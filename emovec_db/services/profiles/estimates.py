"""Means over recordings with bootstrap intervals, and what can be said of a difference between two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.profile import Difference, Estimate, Verdict
from emovec_db.emotions import LABELS

#: bootstrap resamples of recordings for the intervals
RESAMPLES = 2_000
#: with fewer recordings a bootstrap interval says nothing
INTERVAL_MIN_RECORDINGS = 3
#: with fewer on either side nothing is said of a difference: percentile intervals of so few are much too narrow
DIFFERENCE_MIN_RECORDINGS = 5
#: a smaller difference of mean scores is not called one, however certain it is
CLEAR_DIFFERENCE = 0.05
#: times that recordings are dealt out to both sides at random, to see what chance does
DEALS = 1_000
#: a difference is called one where chance makes one as great, in any of the labels, in at most so many cases
CHANCE = 0.05
#: counts of resamples that are in memory at once
_CELLS = 4_000_000


def interval(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """95 % percentile bootstrap interval of the means of float64 (recordings, 9): low and high, float64 (9,) each.

    None where there are too few recordings. Seeded, so that the same recordings give the same interval. (B. Efron,
    R. Tibshirani, An introduction to the bootstrap, 1993, chapter 13.)
    """
    if len(scores) < INTERVAL_MIN_RECORDINGS:
        return None
    low, high = np.percentile(_resampled_means(scores, seed=0), [2.5, 97.5], axis=0)
    return low, high


def estimates(scores: NDArray[np.float64]) -> dict[str, Estimate]:
    """Mean and interval by label, from float64 (recordings, 9)."""
    means, bounds = scores.mean(axis=0), interval(scores)
    if bounds is None:
        return {label: Estimate(mean=float(means[i]), low=None, high=None) for i, label in enumerate(LABELS)}
    low, high = bounds
    return {
        label: Estimate(mean=float(means[i]), low=float(low[i]), high=float(high[i])) for i, label in enumerate(LABELS)
    }


def differences(these: NDArray[np.float64], those: NDArray[np.float64]) -> dict[str, Difference]:
    """By label, the mean of `these` less the mean of `those`, both float64 (recordings, 9).

    For the intervals both sides are resampled by themselves. A difference is `higher` or `lower` where chance does not
    explain it and it is at least `CLEAR_DIFFERENCE`. That asks more than that its interval leaves zero out: of nine
    intervals, and of intervals of few recordings, some do so by chance.
    """
    if min(len(these), len(those)) < DIFFERENCE_MIN_RECORDINGS:
        return dict.fromkeys(LABELS, Difference(difference=None, low=None, high=None, verdict="too_few"))
    found = these.mean(axis=0) - those.mean(axis=0)
    resampled = _resampled_means(these, seed=0) - _resampled_means(those, seed=1)
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    chance = chances(these, those)
    return {
        label: Difference(
            difference=float(found[i]),
            low=float(low[i]),
            high=float(high[i]),
            verdict=_verdict(float(found[i]), float(chance[i])),
        )
        for i, label in enumerate(LABELS)
    }


def chances(these: NDArray[np.float64], those: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often chance makes a difference as great as each label's, in any label: float64 (9,).

    The same recordings are dealt out to both sides at random, `DEALS` times; differences of different labels are
    compared in standard deviations. (Single-step maxT: P. Westfall, S. Young, Resampling-based multiple testing, 1993,
    chapter 2.)
    """
    scores, own = np.concatenate([these, those]), len(these)
    deviations = scores.std(axis=0)
    deviations[deviations == 0] = np.inf
    found = np.abs(these.mean(axis=0) - those.mean(axis=0)) / deviations
    total, rest = scores.sum(axis=0), len(scores) - own
    greatest = []
    for sums in _dealt_sums(scores, own):
        greatest.append((np.abs(sums / own - (total - sums) / rest) / deviations).max(axis=1))
    # what was found is one of the deals; the last digits of equal sums may differ
    as_great = np.concatenate(greatest)[:, None] >= found - 1e-9
    chance: NDArray[np.float64] = (1 + as_great.sum(axis=0)) / (1 + DEALS)
    return chance


def _dealt_sums(scores: NDArray[np.float64], count: int) -> Iterator[NDArray[np.float64]]:
    """Sums of `count` rows of float64 (n, 9), each drawn once: some of `DEALS` at a time, float64 (some, 9)."""
    rng, at_once = np.random.default_rng(2), max(1, min(DEALS, _CELLS // len(scores)))
    for first in range(0, DEALS, at_once):
        keys = rng.random((min(at_once, DEALS - first), len(scores)))
        chosen = np.zeros(keys.shape)
        np.put_along_axis(chosen, np.argpartition(keys, count - 1, axis=1)[:, :count], 1.0, axis=1)
        yield chosen @ scores


def _verdict(difference: float, chance: float) -> Verdict:
    if abs(difference) < CLEAR_DIFFERENCE or chance > CHANCE:
        return "unclear"
    return "higher" if difference > 0 else "lower"


def _resampled_means(scores: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Means of `RESAMPLES` draws with replacement, float64 (RESAMPLES, 9); some draws at a time, to bound memory."""
    count, rng = len(scores), np.random.default_rng(seed)
    at_once = max(1, min(RESAMPLES, _CELLS // count))
    shares = np.full(count, 1 / count)
    return np.concatenate(
        [
            rng.multinomial(count, shares, min(at_once, RESAMPLES - first)) @ scores / count
            for first in range(0, RESAMPLES, at_once)
        ]
    )
