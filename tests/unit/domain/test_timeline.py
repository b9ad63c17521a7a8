"""What a recording's utterances add up to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.recording import NewUtterance
from emovec_db.domain.timeline import Timeline
from emovec_db.emotions import LABELS
from tests.stored import utterance


def voiced(*parts: tuple[float, float, str, float, str | None]) -> Timeline:
    """Parts of (start, end, label, confidence, voice)."""
    made = [
        replace(utterance(0, start, end, label=label, confidence=sure), voice=voice)
        for start, end, label, sure, voice in parts
    ]
    return Timeline(tuple(made))


def heard(*parts: tuple[float, float, str, float]) -> Timeline:
    """Parts of (start, end, label, confidence)."""
    return Timeline(tuple(utterance(0, start, end, label=label, confidence=sure) for start, end, label, sure in parts))


CALL = heard(
    (0, 3, "happy", 0.5), (4, 5, "sad", 0.9), (6, 12, "happy", 0.7), (13, 15, "happy", 0.6), (15, 17, "happy", 0.6)
)


def test_time_shares_are_of_the_time_heard() -> None:
    assert CALL.heard_s == 14
    shares = CALL.time_shares()
    assert (shares["happy"], shares["sad"]) == (pytest.approx(13 / 14), pytest.approx(1 / 14))
    assert set(shares) == set(LABELS)


def test_pauses_lie_between_utterances() -> None:
    assert CALL.pauses_s() == (3.5, 5.5, 12.5, 15)
    assert heard((0, 3, "happy", 0.5)).pauses_s() == ()


def test_strongest_are_the_surest_three_of_each_label_that_occurs() -> None:
    starts = {label: [one.start_s for one in found] for label, found in CALL.strongest().items()}
    assert starts == {"happy": [6, 13, 15], "sad": [4]}


def test_each_voice_is_summed_up_for_itself() -> None:
    both = voiced(
        (0, 3, "happy", 0.9, "A"), (4, 5, "sad", 0.8, "B"), (6, 7, "sad", 0.5, "A"), (8, 9, "angry", 0.7, None)
    )
    voices = both.by_voice()
    assert list(voices) == ["A", "B"]
    assert (voices["A"].heard_s, voices["B"].heard_s) == (4, 1)
    shares = voices["A"].time_shares()
    assert (shares["happy"], shares["sad"], voices["B"].time_shares()["sad"]) == (0.75, 0.25, 1.0)
    happy = voices["A"].summary().by_label()["happy"]
    assert happy == pytest.approx(0.75 * 0.9 + 0.25 * 0.5 / 8)
    assert list(voices["B"].strongest()) == ["sad"]


def test_voices_come_in_the_order_of_their_letters_and_none_where_none_are_told_apart() -> None:
    many = voiced(*[(place, place + 1, "sad", 0.9, voice) for place, voice in enumerate(("AA", "B", "A"))])
    assert list(many.by_voice()) == ["A", "B", "AA"]
    assert CALL.by_voice() == {}


@given(st.lists(st.tuples(st.floats(0.1, 30), st.sampled_from(LABELS), st.floats(0.2, 1)), min_size=1, max_size=30))
def test_shares_add_up_whatever_is_heard(parts: list[tuple[float, str, float]]) -> None:
    made: list[NewUtterance] = []
    for duration_s, label, sure in parts:
        start_s = made[-1].end_s if made else 0.0
        made.append(utterance(0, start_s, start_s + duration_s, label=label, confidence=sure))
    timeline = Timeline(tuple(made))
    assert sum(timeline.time_shares().values()) == pytest.approx(1)
    assert {label for label, share in timeline.time_shares().items() if share} == set(timeline.strongest())
    for label, found in timeline.strongest().items():
        others = [one.prediction.confidence for one in made if one.prediction.label == label and one not in found]
        assert min(one.prediction.confidence for one in found) >= max(others, default=0)
