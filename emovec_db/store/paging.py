"""Pages by id, newest first, and the cursors that continue them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement

from emovec_db.domain.query import Page
from emovec_db.errors import QueryError

Row = TypeVar("Row")


def older_than(id_column: Any, kind: str, cursor: str | None) -> list[ColumnElement[bool]]:
    """The condition that a cursor of `kind` stands for; QueryError if it isn't one."""
    return [] if cursor is None else [id_column < _id_at(kind, cursor)]


def rows_to_fetch(limit: int) -> int:
    """One more than the page holds, to see whether another page follows."""
    if limit < 1:
        raise QueryError(f"a page of {limit} rows makes no sense: expected at least 1")
    return limit + 1


def page_of(rows: Sequence[Row], limit: int, kind: str, id_of: Callable[[Row], int]) -> Page[Row]:
    """The page of at most `limit` rows out of those fetched."""
    shown = tuple(rows[:limit])
    return Page(shown, encode(kind, str(id_of(shown[-1]))) if len(rows) > limit else None)


def encode(kind: str, place: str) -> str:
    """The cursor for a place in a list of this kind, whose name has no colon."""
    return base64.urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def decode(kind: str, cursor: str) -> str:
    """The place that a cursor of this kind stands for; QueryError for any other."""
    padding = "=" * (-len(cursor) % 4)
    try:
        found, _, place = base64.b64decode(cursor + padding, b"-_", validate=True).decode().partition(":")
    except ValueError:
        found, place = "", ""
    if found != kind:
        raise no_cursor(kind, cursor)
    return place


def no_cursor(kind: str, cursor: str) -> QueryError:
    """What is wrong with a cursor that no list of this kind gave."""
    return QueryError(f"{cursor!r} is no cursor of {kind}: expected the next_cursor of the page before")


def _id_at(kind: str, cursor: str) -> int:
    place = decode(kind, cursor)
    # 18 digits fit 64 bits
    if not re.fullmatch("[0-9]{1,18}", place):
        raise no_cursor(kind, cursor)
    return int(place)
