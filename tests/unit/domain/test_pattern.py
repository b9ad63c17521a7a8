from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.pattern import DEFAULT_PART_S, MAX_PARTS, Part, Pattern
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError


def test_a_pattern_is_read() -> None:
    pattern = Pattern.parse("neutral 10s>Angry|sad|angry >= 0.6 1.5s > any > not happy|other 2min > any 3s > calm")
    assert pattern.parts == (
        Part("neutral", ("neutral",), 10.0),
        Part("angry|sad", ("angry", "sad"), 1.5, 0.6),
        Part("any", LABELS, 0.0),
        Part("not happy|other", tuple(label for label in LABELS if label not in {"happy", "other"}), 120.0),
        Part("any", LABELS, 3.0),
        Part("neutral", ("neutral",), DEFAULT_PART_S),
    )
    assert [part.is_any for part in pattern.parts] == [False, False, True, False, True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the pattern '' ends too early: expected any, not or one of angry, disgusted"),
        ("neutral >", "the pattern 'neutral >' ends too early: expected any, not or one of angry"),
        ("neutral > anger 5s", r"at 'anger' \(character 11\): .*; did you mean angry\?"),
        ("neutral > xyzzy", r"at 'xyzzy' \(character 11\): expected any, not or one of angry, .*, unknown$"),
        ("> angry", r"at '>' \(character 1\): expected any, not or one of"),
        ("neutral > > angry", r"at '>' \(character 11\): expected any, not or one of"),
        ("neutral angry", r"at 'angry' \(character 9\): expected '>' and the next part, or a duration such as 5s"),
        ("neutral, angry", r"at ',' \(character 8\): expected '>'"),
        ("neutral 5", r"at '5' \(character 9\): expected a duration such as 5s or 2min, at most 24 hours"),
        ("neutral 0s", r"at '0s' \(character 9\): expected a duration"),
        ("neutral 5h", r"at '5h' \(character 9\): expected a duration"),
        ("neutral " + "9" * 400 + "s", r"at '9+s' \(character 9\): expected a duration"),
        ("neutral 5s 6s", r"at '6s' \(character 12\): expected '>'"),
        ("neutral >= 2", r"at '2' \(character 12\): expected a score from 0 to 1"),
        ("neutral >= 0.5s", r"at '0.5s' \(character 12\): expected a score"),
        ("neutral >=", "ends too early: expected a score"),
        ("angry|any", r"at 'any' \(character 7\): expected one of angry"),
        ("not any", r"at 'any' \(character 5\): expected one of angry"),
        ("not not angry", r"at 'not' \(character 5\): expected one of angry"),
        ("any 5s > any", "asks for nothing: expected a label"),
        ("not " + "|".join(LABELS), "has a part that no label fulfils"),
        (" > ".join(["angry"] * (MAX_PARTS + 1)), "has 21 parts: expected at most 20"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Pattern.parse(text)


def test_the_place_is_told_to_programs_too() -> None:
    with pytest.raises(QueryError) as caught:
        Pattern.parse("neutral > anger")
    assert caught.value.detail == {"at": 10}


@given(st.text(alphabet="angryotcalm >|=.59s", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_pattern_or_told_as_none(text: str) -> None:
    with suppress(QueryError):
        assert Pattern.parse(text).text == text
