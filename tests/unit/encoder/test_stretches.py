"""Where long recordings are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emovec_db.encoder.stretches import cuts


@given(
    frames=st.integers(1, 100_000),
    most=st.integers(8, 2000),
    pauses=st.lists(st.integers(0, 100_000), max_size=200).map(sorted),
)
def test_stretches_are_never_too_long_nor_tiny(frames: int, most: int, pauses: list[int]) -> None:
    marks = cuts(frames, most, pauses)
    assert (marks[0], marks[-1]) == (0, frames)
    lengths = [after - before for before, after in pairwise(marks)]
    assert max(lengths) <= most
    assert len(lengths) == 1 or min(lengths) >= most // 4


@given(frames=st.integers(1, 100_000), most=st.integers(8, 2000))
def test_without_pauses_they_are_equal_and_as_few_as_can_be(frames: int, most: int) -> None:
    lengths = [after - before for before, after in pairwise(cuts(frames, most))]
    assert max(lengths) - min(lengths) <= 1
    assert len(lengths) == -(-frames // most)


@given(frames=st.integers(401, 20_000), step=st.integers(1, 100))
def test_they_meet_in_pauses_where_there_are_enough(frames: int, step: int) -> None:
    pauses = range(step, frames, step)
    assert {*cuts(frames, 400, pauses)[1:-1]} <= {*pauses}


def test_the_pause_that_keeps_them_most_equal() -> None:
    assert cuts(3000, 1250, [100, 900, 1010, 1240, 2100, 2950]) == [0, 1010, 2100, 3000]
