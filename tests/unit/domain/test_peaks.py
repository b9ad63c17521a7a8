"""Peaks against numpy, bin by bin."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emovec_db.domain.peaks import MAX_BINS, Peaks


@given(samples=st.integers(1, 400_000), level=st.floats(0, 1.5), seed=st.integers(0, 2**32 - 1))
@example(samples=1, level=1.0, seed=0)
@example(samples=320_000, level=1.0, seed=0)
@example(samples=320_001, level=1.0, seed=0)
def test_each_bin_has_its_greatest_sample(samples: int, level: float, seed: int) -> None:
    waveform = (level * np.random.default_rng(seed).uniform(-1, 1, samples)).astype(np.float32)

    peaks = Peaks.of(waveform)

    bins = min(2_000, math.ceil(samples / 160))
    bounds = [place * samples // bins for place in range(bins + 1)]
    parts = [np.abs(waveform[start:end]) for start, end in pairwise(bounds)]
    assert peaks.duration_s == samples / 16_000
    assert peaks.levels.dtype == np.uint8
    greatest = np.array([min(part.max(), 1) for part in parts])
    np.testing.assert_allclose(peaks.values, greatest, rtol=0, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(("seconds", "bins"), [(0.1, 10), (3, 300), (19.99, 1_999), (20, 2_000), (3_600, 2_000)])
def test_hours_have_no_more_bins_than_minutes(seconds: float, bins: int) -> None:
    peaks = Peaks.of(np.zeros(round(seconds * 16_000), np.float32))

    assert len(peaks.levels) == bins <= MAX_BINS
    assert not peaks.levels.any()
