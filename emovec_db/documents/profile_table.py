"""Customers' profiles as tables for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from emovec_db.documents.values import time_text
from emovec_db.domain.profile import CustomerComparison, Difference, Profile
from emovec_db.domain.query import Match

#: without it Excel takes a file for the system's code page and shows Chinese names as garbage; others pass over it
BYTE_ORDER_MARK = "\ufeff"
COLUMNS = ("customer", "section", "name", "start", "recordings", "value", "low", "high", "note")
#: what spreadsheets take for the beginning of a formula, in East Asian width too, and what may stand before it
_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

_Cell = str | float | None


def profile_table(profile: Profile) -> str:
    """CSV (RFC 4180) with a byte order mark: one figure a row, empty where there is none.

    Texts that a spreadsheet would run as a formula stand behind an apostrophe, which makes them texts to it (OWASP, CSV
    injection); numbers are written as they are.
    """
    return _table((profile.customer, *row) for row in _rows(profile))


def comparison_table(comparison: CustomerComparison) -> str:
    """Both profiles as one such table, and how the first differs from the second."""
    first, second = comparison.first, comparison.second
    rows: list[tuple[_Cell, ...]] = [(profile.customer, *row) for profile in (first, second) for row in _rows(profile)]
    nearness = comparison.similarity, None, None, first.nearest_space
    rows.append((first.customer, "compared with", second.customer, None, second.recordings, *nearness))
    for label, one in comparison.differences.items():
        figures = one.difference, one.low, one.high, one.verdict
        rows.append((first.customer, "difference", label, None, first.recordings, *figures))
    return _table(rows)


def _table(rows: Iterable[tuple[_Cell, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + text.getvalue()


def _rows(profile: Profile) -> Iterator[tuple[_Cell, ...]]:
    yield from _overall(profile)
    for label, share in profile.labels.items():
        yield "label share", label, None, profile.recordings, share, None, None, None
    for label, estimate in profile.scores.items():
        yield "score", label, None, profile.recordings, estimate.mean, estimate.low, estimate.high, None
    yield from _trend(profile)
    if profile.change is not None:
        change = profile.change
        for label, one in change.scores.items():
            yield "change", *_difference(label, change.since, change.recordings, one)
    for section, matches in (("typical", profile.typical), ("unusual", profile.unusual)):
        for match in matches:
            yield section, *_example(match)
    for other in profile.nearest:
        yield "nearest", other.customer, None, other.recordings, other.similarity, None, None, profile.nearest_space


def _overall(profile: Profile) -> Iterator[tuple[_Cell, ...]]:
    first, last = time_text(profile.first_recorded_at), time_text(profile.last_recorded_at)
    figures: tuple[tuple[str, float | None, str | None], ...] = (
        ("utterances", profile.utterances, None),
        ("duration_s", profile.duration_s, f"{first} to {last}" if first else None),
        ("spread", profile.spread, profile.space),
        ("volatility", profile.volatility, None),
    )
    for name, value, note in figures:
        yield "overall", name, None, profile.recordings, value, None, None, note


def _trend(profile: Profile) -> Iterator[tuple[_Cell, ...]]:
    for point in profile.trend:
        start = time_text(point.start)
        for label, mean in point.scores.items():
            low, high = (None, None) if point.intervals is None else point.intervals[label]
            yield "trend", label, start, point.recordings, mean, low, high, profile.period
        yield "trend", "volatility", start, point.recordings, point.volatility, None, None, profile.period


def _difference(label: str, since: datetime, recordings: int, one: Difference) -> tuple[_Cell, ...]:
    return label, time_text(since), recordings, one.difference, one.low, one.high, one.verdict


def _example(match: Match) -> tuple[_Cell, ...]:
    utterance = match.utterance
    note = f"recording {utterance.recording_id}, {utterance.prediction.label}"
    return utterance.uri, time_text(utterance.recorded_at), 1, match.similarity, None, None, note


def _written(cell: _Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_SIGNS) else cell
    return repr(cell)
