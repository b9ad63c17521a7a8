"""Packs and windows: who is computed with whom, and where the rows lie."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emovec_db.encoder.emotion2vec.packing import Pack, packs
from emovec_db.encoder.emotion2vec.windows import (
    CONTEXT_FRAMES,
    WINDOW_FRAMES,
    frame_count,
    windows,
)

lengths = st.lists(st.integers(1, 300), max_size=40)


@given(frames=lengths, budget=st.integers(1, 500), gap=st.integers(0, 10))
def test_every_waveform_is_in_one_pack_within_the_budget(frames: list[int], budget: int, gap: int) -> None:
    found = packs(frames, gap_rows=gap, budget_rows=budget)
    assert sorted(place for pack in found for place in pack.places) == list(range(len(frames)))
    for pack in found:
        assert pack.frames == tuple(frames[place] for place in pack.places)
        assert pack.rows <= budget or len(pack.places) == 1


@given(frames=lengths.filter(bool), gap=st.integers(0, 10))
def test_rows_of_a_pack(frames: list[int], gap: int) -> None:
    """Gap rows and frames of the spans are all rows, each once."""
    pack = Pack(tuple(range(len(frames))), tuple(frames), gap)
    rows = [row for start, stop in pack.spans for row in range(start + gap, stop)]
    assert [stop - start - gap for start, stop in pack.spans] == frames
    assert sorted(rows + pack.gaps) == list(range(pack.rows))


def test_neighbours_are_of_similar_length() -> None:
    found = packs([5, 100, 7, 90, 6], gap_rows=10, budget_rows=220)
    assert [pack.places for pack in found] == [(1, 3), (2, 4, 0)]


def test_halves() -> None:
    first, second = packs([3, 2, 1], gap_rows=10, budget_rows=100)[0].halves()
    assert (first, second) == (Pack((0,), (3,), 10), Pack((1, 2), (2, 1), 10))


@given(frames=st.integers(1, 200_000), pauses=st.lists(st.integers(0, 200_000), max_size=300).map(sorted))
def test_windows_cover_a_recording(frames: int, pauses: list[int]) -> None:
    """Own frames follow each other without gap; no window is longer than 30 s, and each sees 2.5 s on either side."""
    found = windows(frames, pauses)
    own = [(window.first + window.own.start, window.first + window.own.stop) for window in found]
    assert own[0][0] == 0
    assert own[-1][1] == frames
    assert all(stop == start for (_, stop), (start, _) in pairwise(own))
    for window, (start, stop) in zip(found, own, strict=True):
        assert window.last - window.first <= WINDOW_FRAMES
        assert start < stop
        assert len(found) == 1 or window.first == max(0, start - CONTEXT_FRAMES)
        assert len(found) == 1 or window.last == min(frames, stop + CONTEXT_FRAMES)


@given(samples=st.integers(400, 3_000_000))
def test_windows_of_samples(samples: int) -> None:
    """Each window's samples give its frames; one window takes all samples."""
    found = windows(frame_count(samples))
    for window in found:
        piece = window.samples(samples)
        assert 0 <= piece.start < piece.stop <= samples
        assert frame_count(piece.stop - piece.start) == window.last - window.first
    assert found[-1].samples(samples).stop == samples
