"""What the page of a long recording shows instead of everything, against counting by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.api.pages.archive.recording import PER_PAGE, STRIP_STEPS, part_with, strip
from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS
from tests.stored import prediction


@dataclass(frozen=True)
class Said:
    start_s: float
    end_s: float
    prediction: Prediction
    utterance_id: int = 0
    voice: str | None = None


@given(
    lengths=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60), st.sampled_from(LABELS)), min_size=1, max_size=40)
)
def test_each_step_of_the_strip_has_the_label_heard_longest_in_it(lengths: list[tuple[int, int, str]]) -> None:
    said, end_s = [], 0.0
    for gap_s, length_s, label in lengths:
        said.append(Said(end_s + gap_s, end_s + gap_s + length_s, prediction(label)))
        end_s += gap_s + length_s
    blocks = strip(said, end_s)
    shown: dict[int, str] = {}
    for block in blocks:
        for step in range(block.start, block.start + block.steps):
            assert step not in shown
            shown[step] = block.label
    step_s = end_s / STRIP_STEPS
    for step in range(STRIP_STEPS):
        heard_s = dict.fromkeys(LABELS, 0.0)
        for one in said:
            overlap_s = min(one.end_s, (step + 1) * step_s) - max(one.start_s, step * step_s)
            heard_s[one.prediction.label] += max(0.0, overlap_s)
        if max(heard_s.values()) > 1e-9:
            assert heard_s[shown[step]] == pytest.approx(max(heard_s.values()))


def test_the_page_of_an_utterance() -> None:
    said = [Said(at, at + 1, prediction(), utterance_id=7 + at) for at in range(PER_PAGE * 2 + 1)]
    found = {place: part_with(said, "1", str(7 + place)).number for place in (0, PER_PAGE - 1, PER_PAGE, PER_PAGE * 2)}
    assert found == {0: 1, PER_PAGE - 1: 1, PER_PAGE: 2, PER_PAGE * 2: 3}
    assert [part_with(said, number, "").number for number in ("2", "0", "-1", "x", "99", "9" * 30)] == [
        2,
        1,
        1,
        1,
        3,
        1,
    ]
    assert part_with(said, "3", "").utterances == said[PER_PAGE * 2 :]
    assert np.ceil(len(said) / PER_PAGE) == part_with(said, "1", "").count
