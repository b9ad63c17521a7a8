"""Cutting long recordings into equal windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emovec_db.domain.segmentation import Cut, Segment
from emovec_db.errors import QueryError
from emovec_db.speech.registry import segmentation_named
from emovec_db.speech.windows import WINDOWS, segment, slice_of


@pytest.mark.parametrize("duration_s", [1 / 16_000, 0.2, 14.9, 15.1, 30])
def test_up_to_30_s_is_one_utterance(duration_s):
    assert segment(duration_s) == (Segment(0, pytest.approx(duration_s, abs=1 / 32_000)),)


@pytest.mark.parametrize(
    ("duration_s", "count"), [(30 + 1 / 16_000, 3), (45, 3), (45 + 1 / 16_000, 4), (60, 4), (61, 5), (3600, 240)]
)
def test_longer_is_cut_into_the_fewest_windows_of_15_s(duration_s, count):
    assert len(segment(duration_s)) == count == math.ceil(duration_s / 15)


def test_windows_of_a_minute():
    assert segment(60) == (Segment(0, 15), Segment(15, 30), Segment(30, 45), Segment(45, 60))


@given(st.integers(1, 5 * 3600 * 16_000))
@example(480_000)
@example(480_001)
@example(720_001)
def test_windows_cover_every_sample_once(samples):
    segments = segment(samples / 16_000)
    starts = [round(one.start_s * 16_000) for one in segments]
    ends = [round(one.end_s * 16_000) for one in segments]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == samples
    assert [one.start_s * 16_000 for one in segments] == pytest.approx(starts, rel=1e-12)
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    assert max(lengths) - min(lengths) <= 1
    if samples > 480_000:
        assert min(lengths) >= 160_000
        assert max(lengths) <= 240_000


@given(st.integers(1, 3_000_000))
def test_slices_join_to_the_waveform(samples):
    waveform = np.broadcast_to(np.float32(0), samples)
    slices = [slice_of(waveform, one) for one in segment(samples / 16_000)]
    assert sum(len(one) for one in slices) == samples


def test_a_slice_is_a_view_of_its_samples():
    waveform = np.arange(16_000 * 60, dtype=np.float32)
    second = slice_of(waveform, segment(60)[1])
    assert np.array_equal(second, waveform[240_000:480_000])
    assert np.shares_memory(second, waveform)


@pytest.mark.parametrize("duration_s", [0, -1, math.nan, math.inf])
def test_nothing_can_be_cut_from_nothing(duration_s):
    with pytest.raises(QueryError, match="expected more than 0"):
        segment(duration_s)


def test_the_version_names_these_cuts():
    # Change the name with the cuts: it decides which embeddings may be compared.
    assert WINDOWS == "windows-1"
    assert [one.end_s for one in segment(31)] == [165_333 / 16_000, 330_666 / 16_000, 31.0]


def test_windows_are_cut_by_length_alone():
    waveform = np.zeros(16_000 * 60, dtype=np.float32)
    assert segmentation_named("windows-1").cut(waveform) == Cut(segments=segment(60))


def test_an_unknown_segmentation_is_named():
    with pytest.raises(QueryError, match=r"unknown segmentation 'pause'; expected one of: .*windows-1"):
        segmentation_named("pause")
