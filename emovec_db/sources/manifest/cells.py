"""What a manifest's cells say, as values that can be stored."""

from __future__ import annotations

import math
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, Final

from emovec_db.domain.calendar import recording_time
from emovec_db.domain.path_pattern import parse_time
from emovec_db.errors import QueryError

#: of a name that is looked up in an index, characters: databases' indexes hold no longer keys
MAX_NAME: Final = 500
#: of lists and objects in metadata
_MAX_DEPTH: Final = 16


def text_of(value: Any, column: str) -> str | None:
    """A text or whole number; None where the cell is empty.

    Raises:
        QueryError: the cell holds something else.
    """
    if is_empty(value):
        return None
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)  # what a table makes of whole numbers if some are missing
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise QueryError(f"{column} is {_shown(value)}; expected a text")
    return str(value).strip()


def name_of(value: Any, column: str) -> str | None:
    """A text that can be stored and looked up; None where the cell is empty. Raises QueryError."""
    name = text_of(value, column)
    if name is None:
        return None
    if len(name) > MAX_NAME:
        raise QueryError(f"{column} has {len(name)} characters; expected at most {MAX_NAME}")
    return storable(name, column)


def time_of(value: Any, column: str, zone: tzinfo) -> datetime | None:
    """A time as UTC, `zone`'s where it names none; None where the cell is empty.

    Raises:
        QueryError: no ISO 8601 text, date or time, or no recording was made then.
    """
    if is_empty(value):
        return None
    if isinstance(value, datetime):
        return recording_time(value, zone)
    if isinstance(value, date):
        return recording_time(datetime.combine(value, time()), zone)
    if not isinstance(value, str):
        raise QueryError(f"{column} is {_shown(value)}; expected ISO 8601 such as 2026-03-01 or 2026-03-01T14:30")
    return recording_time(parse_time(value.strip(), zone), zone)


def metadata_of(value: Any, column: str, depth: int = 0) -> Any:
    """A value as JSON that every database can store.

    Raises:
        QueryError: it can't be JSON.
    """
    if depth > _MAX_DEPTH:
        raise QueryError(f"{column} is nested more than {_MAX_DEPTH} deep")
    if isinstance(value, list):
        return [metadata_of(one, column, depth + 1) for one in value]
    if isinstance(value, dict):
        named = {storable(str(key), column): one for key, one in value.items()}
        return {key: metadata_of(one, column, depth + 1) for key, one in named.items()}
    if isinstance(value, str):
        return storable(value, column)
    return _plain(value, column)


def storable(text: str, column: str) -> str:
    """The text, if every database can store it; raises QueryError."""
    if "\0" in text:
        raise QueryError(f"{column} holds a NUL character, which can't be stored")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(f"{column} is not UTF-8: save the table as UTF-8") from error
    return text


def _plain(value: Any, column: str) -> Any:
    """A single value that is no text."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return float(value)
    raise QueryError(f"{column} is {_shown(value)}, which metadata can't hold: leave the column out")


def is_empty(value: Any) -> bool:
    """Whether a cell says nothing."""
    return value is None or value == "" or (isinstance(value, str) and not value.strip()) or value != value  # noqa: PLR0124 - NaN


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
