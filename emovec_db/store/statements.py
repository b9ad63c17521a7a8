"""Small pieces that several repositories build their statements from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from emovec_db.store.tables import Base

Item = TypeVar("Item")

#: a SELECT of any columns
Query: TypeAlias = Select[*tuple[Any, ...]]

#: values in one IN (…); databases limit the parameters of a statement
CHUNK = 1_000


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Consecutive slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_into(connection: Connection, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens on conflict, which both databases spell alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(row)
    return postgresql.insert(row)


def id_of(connection: Connection, id_column: Any, row: type[Base], values: dict[str, Any]) -> int:
    """The id of the row with these values, inserted if it is missing; another writer may insert it meanwhile."""
    wanted: Query = select(id_column).where(_equal(row, values))
    found = connection.scalar(wanted)
    if found is None:
        connection.execute(insert_into(connection, row).values(values).on_conflict_do_nothing())
        found = connection.execute(wanted).scalar_one()
    return int(found)


def _equal(row: type[Base], values: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(getattr(row, name) == value for name, value in values.items()))
