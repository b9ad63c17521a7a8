"""How values are written on pages, by the reader's language: filters of the templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from emovec_db.api.context import context
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.language import language
from emovec_db.api.pages.notices import notice
from emovec_db.api.pages.voices import channel_name, role_name, whose
from emovec_db.domain.calendar import in_zone
from emovec_db.emotions import EMOTION_BY_LABEL, LIKELY_FROM, SURE_ABOVE

#: what a recording without a name is called
NAMELESS = "–"


@dataclass(frozen=True, slots=True)
class EmotionWords:
    """A label as the reader writes it."""

    label: str
    name: str
    #: in the other of the two languages
    other_name: str
    emoji: str
    colour: str


def emotion(label: str) -> EmotionWords:
    """A label in the reader's language."""
    return _emotion(label, language())


def percent(share: float, digits: int = 0) -> str:
    """A share 0..1, for example ``93 %``."""
    return _percent(round(share, digits + 2), digits, language())


def number(value: float, digits: int = 0) -> str:
    """With the reader's separators."""
    return format_decimal(round(value, digits), locale=language())


def points(difference: float) -> str:
    """How much higher one share is than another, in percentage points: ``+12.5``."""
    rounded = round(100 * difference, 1)
    return format_decimal(rounded or 0, "+#,##0.0;-#,##0.0" if rounded else "0.0", locale=language())


def moment(time: datetime | None) -> str:
    """Date and time in the server's zone."""
    if time is None:
        return NAMELESS
    local = in_zone(time, context().settings.zone)
    return f"{format_date(local, 'medium', locale=language())} {format_time(local, 'short', locale=language())}"


def day(time: datetime | None) -> str:
    """Date in the server's zone."""
    if time is None:
        return NAMELESS
    return format_date(in_zone(time, context().settings.zone), "medium", locale=language())


def clock(seconds: float) -> str:
    """A place in a recording: ``0:04.9``, ``12:30``, ``1:02:03``; tenths below a minute."""
    if seconds < 59.95:  # from there on tenths would say 0:60.0
        return f"0:{seconds:04.1f}"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length_of(seconds: float) -> str:
    """How long something is, in the unit that suits it."""
    if seconds < 60:
        return _("%(n)s s", n=number(seconds, 1))
    if seconds < 60 * 60:
        return _("%(n)s min", n=number(seconds / 60, 1))
    return _("%(n)s h", n=number(seconds / 60 / 60, 1))


def certainty(confidence: float) -> str:
    """What a confidence means."""
    if confidence > SURE_ABOVE:
        return _("sure")
    return _("likely") if confidence >= LIKELY_FROM else _("uncertain")


def file_name(uri: str | None) -> str:
    """What people know a recording by: the last part of its uri."""
    return unquote((uri or "").rstrip("/").rpartition("/")[2]) or NAMELESS


@cache
def _emotion(label: str, language: str) -> EmotionWords:
    one = EMOTION_BY_LABEL[label]
    names = (one.zh, one.en) if language == "zh" else (one.en, one.zh)
    return EmotionWords(label, *names, one.emoji, one.colour)


@lru_cache(maxsize=5_000)
def _percent(rounded: float, digits: int, language: str) -> str:
    # a page may have hundreds, and Babel takes its time
    pattern = "#,##0." + "0" * digits + "\u00a0%" if digits else "#,##0\u00a0%"
    return format_percent(rounded, pattern, locale=language)


FILTERS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        emotion,
        percent,
        number,
        points,
        moment,
        day,
        clock,
        length_of,
        certainty,
        file_name,
        notice,
        role_name,
        channel_name,
        whose,
    )
}
