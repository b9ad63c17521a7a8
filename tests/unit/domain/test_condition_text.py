"""Conditions as text: what is read, what is refused and where, and back again."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.condition_text import MAX_DEPTH, parse_condition
from emovec_db.domain.conditions import All, Any, Equals, Exists, Not, Order
from emovec_db.domain.query import Filter
from emovec_db.errors import QueryError
from tests.drawn_conditions import CONDITIONS

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("angry >= 0.6", Order("angry", ">=", 0.6)),
        ("customer = c7", Equals("customer", ("c7",))),
        ("customer='c 7''s'", Equals("customer", ("c 7's",))),
        ('customer = "say ""hi"""', Equals("customer", ('say "hi"',))),
        ("label IN (sad, fearful)", Equals("label", ("sad", "fearful"))),
        ("label not in (sad)", Not(Equals("label", ("sad",)))),
        ("role != agent", Not(Equals("role", ("agent",)))),
        ("metadata.campaign exists", Exists("metadata.campaign")),
        ("'metadata.two words' = 7", Equals("metadata.two words", ("7",))),
        ("metadata.batch > 7", Order("metadata.batch", ">", 7.0)),
        ("recorded_at >= 2026-03-01", Order("recorded_at", ">=", datetime(2026, 2, 28, 23, tzinfo=UTC))),
        ("recorded_at < 2026-03-01T12:00+00:00", Order("recorded_at", "<", datetime(2026, 3, 1, 12, tzinfo=UTC))),
        (
            "angry>0.5 and sad>0.2 or not (voice exists)",
            Any((All((Order("angry", ">", 0.5), Order("sad", ">", 0.2))), Not(Exists("voice")))),
        ),
        (
            "angry > .5 and (customer = a or customer = b)",
            All((Order("angry", ">", 0.5), Any((Equals("customer", ("a",)), Equals("customer", ("b",)))))),
        ),
        ("customer = 'and'", Equals("customer", ("and",))),
        ("warning = music", Equals("warning", ("music",))),
    ],
)
def test_what_is_read(text: str, expected: object) -> None:
    assert parse_condition(text, BERLIN) == expected


@given(condition=CONDITIONS)
def test_a_condition_written_is_the_condition_read(condition: object) -> None:
    assert parse_condition(str(condition), None) == condition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at character 1: the end is no field"),
        ("angri > 1", "at character 1: angri is no field; expected a field; did you mean angry"),
        ("angry", "at character 6: got the end; expected =, !=, <"),
        ("angry > much", "at character 9: much is no number; expected a number such as 0.6"),
        ("angry > nan", "at character 9: nan is no number"),
        ("customer > c1", "at character 10: customer is a text, and texts have no order"),
        ("label = cross", "at character 9: 'cross' is no label; expected one of angry"),
        ("recorded_at > soon", "at character 15: soon is no time; expected ISO 8601"),
        ("recorded_at > 2026-03-01", "at character 15: 2026-03-01 names no zone; expected a time such as"),
        ("(angry > 1", r"at character 11: got the end; expected and, or, or \)"),
        ("angry > 1 sad > 2", "at character 11: got sad; expected and, or, or the end"),
        ("customer = 'c1", r"at character 12: \"'\" begins nothing; expected a quote that ends"),
        ("label in sad", r"at character 10: got sad; expected \( and values"),
        ("label in (sad happy)", r"at character 15: got happy; expected , or \)"),
        ("customer = (", "at character 12: got .; expected a text after customer"),
        ("metadata. = 3", "at character 1: metadata. is no field"),
        ("not " * (MAX_DEPTH + 1) + "voice exists", "too many conditions within each other"),
        ("angry > 1 or " * 500 + "angry > 1", "is too long: expected at most"),
        ("customer in (" + "a, " * 600 + "b)", "too many values; expected at most 500"),
        ("customer = a\x00b", "a text with NUL"),
        ("metadata.x > text", "at character 14: text is no number"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        parse_condition(text, None)


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse_condition(text, BERLIN)
    except QueryError:
        return
    assert parse_condition(str(condition), None) == condition


def test_a_filter_takes_the_text_too() -> None:
    assert Filter(where="angry > 0.5").where == Order("angry", ">", 0.5)
    assert not Filter(where="angry > 0.5").is_empty
