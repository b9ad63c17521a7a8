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
    return [] if cursor is None else [id_column < _decode(kind, cursor)]


def rows_to_fetch(limit: int) -> int:
    """One more than the page holds, to see whether another page follows."""
    if limit < 1:
        raise QueryError(f"a page of {limit} rows makes no sense: expected at least 1")
    return limit + 1


def page_of(rows: Sequence[Row], limit: int, kind: str, id_of: Callable[[Row], int]) -> Page[Row]:
    """The page of at most `limit` rows out of those fetched."""
    shown = tuple(rows[:limit])
    return Page(shown, _encode(kind, id_of(shown[-1])) if len(rows) > limit else None)


def _encode(kind: str, row_id: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{row_id}".encode()).decode().rstrip("=")


def _decode(kind: str, cursor: str) -> int:
    padding = "=" * (-len(cursor) % 4)
    try:
        found, _, row_id = base64.b64decode(cursor + padding, b"-_", validate=True).decode().partition(":")
    except ValueError:
        found, row_id = "", ""
    # 18 digits fit 64 bits
    if found != kind or not re.fullmatch("[0-9]{1,18}", row_id):
        raise QueryError(f"{cursor!r} is no cursor of {kind}: expected the next_cursor of the page before")
    return int(row_id)
