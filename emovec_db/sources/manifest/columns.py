"""Which column of a manifest tells what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from emovec_db.errors import QueryError

#: what a column may tell; all others become metadata
FIELDS: Final = ("uri", "customer", "speaker", "role", "channel", "recorded_at")

#: names that say the same, in any case, where no column has the field's own name
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "uri": ("path", "file", "filename", "url"),
    "customer": ("customer_id",),
    "speaker": ("speaker_id",),
    "recorded_at": ("date", "datetime", "timestamp"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a row's cells go."""

    #: column by field; fields that no column tells are missing
    columns: Mapping[str, str]
    #: columns that become metadata
    others: tuple[str, ...]


def check_given(given: Mapping[str, str]) -> None:
    """Raise QueryError where a field that was given a column is none."""
    for field in given:
        if field not in FIELDS:
            raise QueryError(f"{field!r} is nothing that a column tells: expected one of {', '.join(FIELDS)}")


def layout_of(names: Sequence[str], given: Mapping[str, str]) -> Layout:
    """By the columns' names; `given` (column by field, empty: none) goes first.

    A column may tell several things: what it is given to, and what its name says.

    Raises:
        QueryError: no column has the uris, or several might tell the same.
    """
    return _layout(tuple(names), tuple(sorted(given.items())))


@lru_cache(maxsize=256)  # rows of JSON lines name their columns each anew
def _layout(names: tuple[str, ...], given: tuple[tuple[str, str], ...]) -> Layout:
    chosen = dict(given)
    columns = {field: chosen[field] if field in chosen else _column(field, names) for field in FIELDS}
    told = {field: column for field, column in columns.items() if column and column in names}
    if "uri" not in told:
        raise QueryError(
            f"no column says where the recordings are: expected uri ({', '.join(ALIASES['uri'])} will do) or "
            f"--column uri=NAME, found {', '.join(names) or 'none'}"
        )
    return Layout(told, tuple(name for name in names if name not in told.values()))


def _column(field: str, names: Sequence[str]) -> str | None:
    own = [name for name in names if _plain(name) == field]
    found = own or [name for name in names if _plain(name) in ALIASES.get(field, ())]
    if len(found) > 1:
        raise QueryError(f"{' and '.join(found)} might both tell the {field}: say which with --column {field}=NAME")
    return found[0] if found else None


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
