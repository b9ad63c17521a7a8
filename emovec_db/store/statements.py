"""Small pieces that several repositories build their statements from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Executable, Select, Table, and_, select
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


def table_of(row: type[Base]) -> Table:
    """The plain table: statements on it are built and run faster than on the mapped class."""
    return cast("Table", row.__table__)


def insert_into(connection: Connection, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens on conflict, which both databases spell alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(row)
    return postgresql.insert(row)


@cache
def upsert(dialect: str, row: type[Base], key: tuple[str, ...], replaced: tuple[str, ...]) -> Executable:
    """An INSERT that takes all columns from its parameters and replaces some where the key is there already."""
    statement = sqlite.insert(table_of(row)) if dialect == "sqlite" else postgresql.insert(table_of(row))
    state = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=key, set_=state)


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
