"""Recordings in the order of a field, page by page: a cursor holds the last one's value and id, so that what follows is
found by an index, however deep.

Databases disagree on where NULLs belong, and none finds them by an index if they are put elsewhere: so recordings whose
field is not known are a stretch of their own, after all others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, collate, literal, tuple_

from emovec_db.domain.query import Page
from emovec_db.domain.recording import Recording
from emovec_db.domain.sorting import Sort
from emovec_db.store import paging
from emovec_db.store.tables import CustomerRow, RecordingRow, SummaryRow

Value = str | float | datetime | None

_COLUMNS: dict[str, Any] = {
    "recorded_at": RecordingRow.recorded_at,
    "created_at": RecordingRow.created_at,
    "duration_s": RecordingRow.duration_s,
    "confidence": SummaryRow.confidence,
    "customer": CustomerRow.name,
}
#: what is NULL where the field is not known
_NULLABLE: dict[str, Any] = {"recorded_at": RecordingRow.recorded_at, "customer": RecordingRow.customer_id}
_VALUES: dict[str, Callable[[Recording], Value]] = {
    "recorded_at": lambda recording: recording.details.recorded_at,
    "created_at": lambda recording: recording.created_at,
    "duration_s": lambda recording: recording.quality.duration_s,
    "confidence": lambda recording: recording.summary.confidence,
    "customer": lambda recording: recording.details.customer,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the sorted whole: which recordings, and their order."""

    conditions: tuple[ColumnElement[bool], ...]
    order: tuple[ColumnElement[Any], ...]


def stretches(collection_id: int, sort: Sort, cursor: str | None, dialect: str) -> Iterator[Stretch]:
    """What comes after the cursor, one stretch after the other; QueryError for a cursor of any other list."""
    column = _column(sort.field, dialect)
    # beside the field, so that one index has both
    recording_id = SummaryRow.recording_id if sort.field == "confidence" else RecordingRow.recording_id
    nullable = _NULLABLE.get(sort.field)
    last = None if cursor is None else _decode(sort, cursor)
    if last is None or last.value is not None:
        known = _known(sort.field, collection_id, column)
        if last is not None:
            value = literal(last.value, _COLUMNS[sort.field].type)
            known.append(_behind(sort, tuple_(column, recording_id), tuple_(value, literal(last.recording_id))))
        yield Stretch(tuple(known), _ordered(sort, column, recording_id))
    if nullable is not None:
        unknown = [nullable.is_(None)]
        if last is not None and last.value is None:
            unknown.append(_behind(sort, recording_id, literal(last.recording_id)))
        yield Stretch(tuple(unknown), _ordered(sort, recording_id))


def page_of(recordings: Sequence[Recording], limit: int, sort: Sort) -> Page[Recording]:
    """The page of at most `limit` of those fetched."""
    shown = tuple(recordings[:limit])
    return Page(shown, _encode(sort, shown[-1]) if len(recordings) > limit else None)


def _column(field: str, dialect: str) -> Any:
    # SQLite compares the bytes of UTF-8; PostgreSQL by the rules of some language, unless it is told not to
    column = _COLUMNS[field]
    return collate(column, "C") if field == "customer" and dialect == "postgresql" else column


def _known(field: str, collection_id: int, column: Any) -> list[ColumnElement[bool]]:
    if field == "customer":
        # all names are; but only a range makes SQLite begin at the customers, whose index has the order
        return [CustomerRow.collection_id == collection_id, column >= ""]
    return [_NULLABLE[field].is_not(None)] if field in _NULLABLE else []


def _behind(sort: Sort, place: Any, last: Any) -> ColumnElement[bool]:
    behind: ColumnElement[bool] = place < last if sort.descending else place > last
    return behind


def _ordered(sort: Sort, *columns: Any) -> tuple[Any, ...]:
    return tuple(column.desc() if sort.descending else column.asc() for column in columns)


@dataclass(frozen=True, slots=True)
class _Last:
    """The last recording of the page before."""

    value: Value
    recording_id: int


def _encode(sort: Sort, last: Recording) -> str:
    value = _VALUES[sort.field](last)
    written = value.isoformat() if isinstance(value, datetime) else value
    return paging.encode(_kind(sort), json.dumps([written, last.recording_id], ensure_ascii=False))


def _decode(sort: Sort, cursor: str) -> _Last:
    place = paging.decode(_kind(sort), cursor)
    try:
        value, recording_id = json.loads(place)
        return _Last(_READ[sort.field](value), _id(recording_id))
    except (TypeError, ValueError, RecursionError) as error:
        raise paging.no_cursor(_kind(sort), cursor) from error


def _kind(sort: Sort) -> str:
    return f"recordings by {sort}"


def _id(written: object) -> int:
    if not isinstance(written, int) or not 0 < written < 2**63:
        raise ValueError(written)
    return written


def _time(written: object) -> datetime:
    time = datetime.fromisoformat(_text(written))
    if time.tzinfo is None:
        raise ValueError(written)
    return time


def _number(written: object) -> float:
    if not isinstance(written, float) or not math.isfinite(written):
        raise ValueError(written)
    return written


def _text(written: object) -> str:
    if not isinstance(written, str):
        raise TypeError(written)
    return written


def _known_or_not(read: Callable[[object], Value]) -> Callable[[object], Value]:
    return lambda written: None if written is None else read(written)


#: what a cursor may hold, by field
_READ: dict[str, Callable[[object], Value]] = {
    "recorded_at": _known_or_not(_time),
    "created_at": _time,
    "duration_s": _number,
    "confidence": _number,
    "customer": _known_or_not(_text),
}
