"""Tables in which pgvector searches, made where they are first needed: most databases lack the extension.

A table for each length of vectors, so that one is made, and the utterances locked for it, only when a length first
comes; the vectors of a set (one collection, generation, space and version) have an index of their own in it, which is
made and dropped beside whoever reads and writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import UserDefinedType

from emovec_db.errors import MissingPartError, SettingsError

#: names of all tables here begin so
PREFIX = "emovec_vector"
#: the first that has HNSW
LEAST_VERSION = (0, 5)
#: any number; whoever makes or drops tables takes this lock
_ADVISORY_LOCK = 0x656D6F766370


class Vector(UserDefinedType[NDArray[np.float32]]):
    """pgvector's type: float32 (dim,) in; nothing reads it back."""

    cache_ok = True

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def get_col_spec(self, **_options: Any) -> str:
        return f"vector({self.dim})"

    def bind_processor(self, dialect: Dialect) -> Any:
        del dialect
        return lambda vector: None if vector is None else str(vector.tolist())


_METADATA = MetaData()
SETS = Table(
    f"{PREFIX}_sets",
    _METADATA,
    Column("set_id", Integer, Identity(), primary_key=True),
    Column("collection_id", BigInteger, nullable=False),
    Column("generation_id", BigInteger, nullable=False),
    Column("space", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("dim", Integer, nullable=False),
    # position in the change log
    Column("seq", BigInteger, nullable=False),
    # recall@10 of its index, as measured when that was made
    Column("recall", Double),
    UniqueConstraint("generation_id", "space", "version"),
)


@cache
def vectors_table(dim: int) -> Table:
    """The table of vectors of this length."""
    # by names, since the table of utterances belongs to other metadata
    utterances = Table("utterances", metadata := MetaData(), Column("utterance_id", BigInteger, primary_key=True))
    sets = Table(SETS.name, metadata, Column("set_id", Integer, primary_key=True))
    return Table(
        f"{PREFIX}s_{dim}",
        metadata,
        Column("set_id", ForeignKey(sets.c.set_id, ondelete="CASCADE"), primary_key=True),
        Column("utterance_id", ForeignKey(utterances.c.utterance_id, ondelete="CASCADE"), primary_key=True),
        Column("vector", Vector(dim), nullable=False),
    )


def index_name(dim: int, set_id: int) -> str:
    """The name of the index of a set."""
    return f"{PREFIX}s_{dim}_of_{set_id}"


class VectorTables:
    """The extension and the tables, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def require_extension(self) -> None:
        """Have pgvector in the database.

        Raises:
            SettingsError: the database is SQLite.
            MissingPartError: its server lacks the extension, or somebody else has to put it into the database.
        """
        if self._connection.dialect.name != "postgresql":
            raise SettingsError(
                "EMOVEC_INDEX_URL is pgvector:, which searches in PostgreSQL, and the database is SQLite: set "
                "EMOVEC_DATABASE_URL to postgresql://…, or EMOVEC_INDEX_URL to faiss:"
            )
        version = self.version()
        if version is not None and version < LEAST_VERSION:
            raise MissingPartError(
                f"EMOVEC_INDEX_URL is pgvector:, and the database's extension vector is {_written(version)}: expected "
                f"{_written(LEAST_VERSION)} or later: install it on the server, then run ALTER EXTENSION vector UPDATE"
            )
        if version is not None:
            return
        available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
        if not self._connection.scalar(text(available)):
            raise MissingPartError(
                "EMOVEC_INDEX_URL is pgvector:, and the database's server has no extension vector: install it there "
                "(Debian: postgresql-16-pgvector; image: pgvector/pgvector:pg16), or set EMOVEC_INDEX_URL to faiss:"
            )
        self._lock()
        try:
            self._connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        except DBAPIError as error:
            raise MissingPartError(
                "EMOVEC_INDEX_URL is pgvector:, and this user may not put the extension into the database: have its "
                "administrator run CREATE EXTENSION vector there, or set EMOVEC_INDEX_URL to faiss:"
            ) from error

    def version(self) -> tuple[int, ...] | None:
        """Of the extension in this database, for example (0, 8, 1); None: it is not there."""
        found = self._connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
        return None if found is None else tuple(int(part) for part in found.split(".") if part.isdecimal())

    def exist(self, dim: int) -> bool:
        """Whether the tables for vectors of this length are there."""
        names = {"sets": SETS.name, "vectors": vectors_table(dim).name}
        statement = "SELECT to_regclass(:sets) IS NOT NULL AND to_regclass(:vectors) IS NOT NULL"
        return bool(self._connection.scalar(text(statement), names))

    def exist_sets(self) -> bool:
        """Whether there was ever a set in this database."""
        return inspect(self._connection).has_table(SETS.name)

    def make(self, dim: int) -> None:
        """Make what is missing of the tables; sets whose vectors went with their table begin anew."""
        self._lock()
        if self.exist(dim):
            return
        SETS.create(self._connection, checkfirst=True)
        self._connection.execute(SETS.delete().where(SETS.c.dim == dim))
        table = vectors_table(dim)
        if not inspect(self._connection).has_table(table.name):
            table.create(self._connection)

    def _lock(self) -> None:
        self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})


def _written(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def drop_vector_tables(connection: Connection) -> None:
    """Drop all tables here, if there are any: they refer to utterances, and can be made again."""
    names: Sequence[str] = [name for name in inspect(connection).get_table_names() if name.startswith(PREFIX)]
    for name in sorted(names, reverse=True):  # the sets last, to which the others refer
        connection.execute(text(f"DROP TABLE {connection.dialect.identifier_preparer.quote(name)}"))
