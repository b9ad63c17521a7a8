"""Details from paths."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.path_pattern import PathPattern, parse_time
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_readmes_pattern() -> None:
    pattern = PathPattern.parse("{customer}/{recorded_at:%Y-%m-%d}_*.wav", UTC)
    assert pattern.match("c42/2026-03-01_greeting.wav") == Details(
        customer="c42", recorded_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    assert pattern.match("c42/2026-03-01.wav") is None
    assert pattern.match("north/c42/2026-03-01_x.wav") is None, "* and {name} stay within one folder"
    assert pattern.match("c42/2026-13-01_x.wav") is None, "there is no month 13"
    assert pattern.match("c42/0001-01-01_x.wav") is None, "nothing was recorded in the year 1"


def test_time_without_zone_is_in_the_given_zone_and_stored_as_utc() -> None:
    pattern = PathPattern.parse("{recorded_at:%Y%m%d-%H%M}.*", BERLIN)
    found = pattern.match("20260301-0130.mp3")
    assert found is not None
    assert found.recorded_at == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_other_names_become_metadata() -> None:
    found = PathPattern.parse("**/{customer}-{topic}-{line}.*", UTC).match("2026/march/c1-refund-3.ogg")
    assert found == Details(customer="c1", metadata={"topic": "refund", "line": "3"})


def test_known_names_fill_their_fields() -> None:
    found = PathPattern.parse("{role}/{speaker}.wav", UTC).match("agent/s7.wav")
    assert found == Details(role="agent", speaker="s7")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{customer}/{customer}.wav", "twice"),
        ("{customer", "between braces"),
        ("{customer:%Y}.wav", "only recorded_at takes a format"),
        ("{recorded_at:%Q}.wav", "expected one of"),
        ("{}.wav", "between braces"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        PathPattern.parse(text, UTC)


@given(
    customer=st.text(string.ascii_letters + string.digits + "._- äß中", min_size=1).filter(
        lambda name: "/" not in name
    ),
    moment=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),
)
def test_what_a_pattern_writes_it_reads(customer: str, moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    path = f"{customer}/{moment:%Y-%m-%dT%H%M%S}.wav"
    found = PathPattern.parse("{customer}/{recorded_at:%Y-%m-%dT%H%M%S}.wav", UTC).match(path)
    assert found == Details(customer=customer, recorded_at=moment)


def test_parse_time() -> None:
    assert parse_time("2026-03-01", BERLIN) == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert parse_time("2026-03-01T10:00+05:00", BERLIN) == datetime(2026, 3, 1, 5, tzinfo=UTC)
    with pytest.raises(QueryError, match="expected ISO 8601"):
        parse_time("yesterday", BERLIN)
    with pytest.raises(QueryError, match="outside the years 1 to 9999 in UTC"):
        parse_time("9999-12-31T23:59:59-23:00", BERLIN)


def test_a_path_with_a_time_outside_the_calendar_does_not_match() -> None:
    pattern = PathPattern.parse("{recorded_at:%Y-%m-%d%z}.wav", UTC)
    assert pattern.match("9999-12-31-2359.wav") is None
    assert pattern.match("0001-01-01+2359.wav") is None
