"""Values as people read them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.cli import text
from tests.unit.cli.fakes import NASTY_SHOWN, NASTY_URI, utterance


@given(st.text(st.characters(codec=None)))
def test_printable_text_steers_no_terminal(name: str) -> None:
    shown = text.printable(name)

    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    shown.encode()  # lone surrogates, as of undecodable file names, would fail here


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_stays(name: str) -> None:
    assert text.printable(name) == name


def test_escapes_look_as_in_python() -> None:
    assert text.printable("a\n\x1b[0m\u202eb\udcff") == r"a\n\x1b[0m\u202eb\udcff"


def test_emoji_with_joiners_stay_whole() -> None:
    assert text.printable("👩‍👧") == "👩‍👧"


@given(st.floats(-1, 2), st.integers(1, 60))
def test_a_bar_is_as_long_as_its_share(share: float, width: int) -> None:
    drawn = text.bar(share, width)

    eighths = 8 * drawn.count("█") + sum("▏▎▍▌▋▊▉".index(c) + 1 for c in drawn if c != "█")
    assert abs(eighths / 8 - min(max(share, 0), 1) * width) <= 1 / 16 + 1e-9


def test_a_sparkline_rises_with_its_shares() -> None:
    assert text.sparkline([-0.1, 0.0, 0.13, 0.5, 0.99, 1.0]) == "▁▁▂▅██"


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(0.0, "uncertain"), (0.5999, "uncertain"), (0.6, "likely"), (0.8, "likely"), (0.8001, "sure"), (1.0, "sure")],
)
def test_certainty_in_a_word(confidence: float, word: str) -> None:
    assert text.certainty(confidence) == word


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (74.25, "1:14.2"), (3600, "1:00:00.0"), (7384.5, "2:03:04.5")],
)
def test_clock(seconds: float, shown: str) -> None:
    assert text.clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.24, "0.2 s"),
        (59.9, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7620, "2 h 07 min"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("number", "thing", "shown"),
    [(1, "recording", "1 recording"), (0, "recording", "0 recordings"), (1200, "entry", "1,200 entries")],
)
def test_count(number: int, thing: str, shown: str) -> None:
    assert text.count(number, thing) == shown


def test_a_time_is_shown_in_the_users_zone() -> None:
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)

    assert text.moment(summer, ZoneInfo("Europe/Berlin")) == "2026-07-02 00:30"
    assert text.moment(None, UTC) == "–"


def test_a_recordings_name_is_decoded_and_safe() -> None:
    assert text.recording_name(NASTY_URI) == NASTY_SHOWN
    assert text.recording_name("file:///a/b%20c.wav", "left") == "b c.wav [left]"
    assert text.recording_name(None) == "–"
    assert text.path_text("file:///a/b%20%1B.wav") == r"/a/b \x1b.wav"


def test_a_segment_covers_its_utterance() -> None:
    assert text.segment(utterance(start_s=12.5, end_s=61.2)) == "0:12 – 1:02"


def test_each_label_has_its_names() -> None:
    assert text.emotion_name("sad") == "😢 Sad 难过"
    assert text.short_emotion("sad") == "😢 sad"
