"""What pgvector holds of collections: sets of vectors, each up to a position in the change log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from emovec_db.domain.collection import Collection
from emovec_db.store.engine import BINARY_ROWS
from emovec_db.store.statements import chunks
from emovec_db.store.vector_tables import PREFIX, SETS, VectorTables, vectors_table

#: with the definition of the set's index, if it has one that is whole: see `index_name`
_FIND = f"""
    SELECT set_id, dim, seq, recall, (
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indisvalid AND indexrelid = to_regclass('{PREFIX}s_' || dim || '_of_' || set_id)
    ) AS index
    FROM {SETS.name} WHERE generation_id = :generation_id AND space = :space AND version = :version
"""  # noqa: S608  names of tables only
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSet:
    """The vectors of one collection, generation, space and version in the database's own tables."""

    set_id: int
    #: of the vectors
    dim: int
    #: position in the change log
    seq: int
    #: recall@10 of its index, as measured when that was made; None: not measured, or there is none
    recall: float | None
    #: whether it can be searched by an index, else vector by vector
    is_indexed: bool
    #: whether the index holds half-precision vectors
    in_halves: bool
    #: whether the server's pgvector goes on where an index was asked for too little
    iterates: bool


class VectorSets:
    """The sets, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, collection: Collection, space: str, version: int, dim: int) -> VectorSet | None:
        """The set of a version of a space whose vectors are that long; None: there is none, or its table is gone."""
        tables = VectorTables(self._connection)
        if not tables.exist(dim):
            return None
        row = self._connection.execute(text(_FIND), _key(collection, space, version)).one_or_none()
        return None if row is None else _set_from(row, tables.version() or ())

    def make(self, collection: Collection, space: str, version: int, dim: int) -> VectorSet:
        """`find`, or an empty one at the beginning of the change log, with its tables.

        The caller holds the collection's lock.
        """
        VectorTables(self._connection).make(dim)
        found = self.find(collection, space, version, dim)
        if found is not None:
            return found
        values = {**_key(collection, space, version), "collection_id": collection.collection_id, "dim": dim, "seq": 0}
        self._connection.execute(insert(SETS), values)
        made = self.find(collection, space, version, dim)
        assert made is not None
        return made

    def replace(self, chosen: VectorSet, gone: Sequence[int], ids: NDArray[np.int64], vectors: NDArray[Any]) -> None:
        """Take out `gone` and put in ids int64 (n,) with vectors float32 (n, dim), in place of those they have.

        The caller holds the collection's lock.
        """
        table = vectors_table(chosen.dim)
        for some in chunks([*map(int, gone), *ids.tolist()]):
            of_set = table.c.set_id == chosen.set_id
            self._connection.execute(delete(table).where(of_set, table.c.utterance_id.in_(some)))
        if len(ids):
            self._copy(table.name, _copied(chosen, ids, vectors))

    def advance(self, chosen: VectorSet, seq: int) -> None:
        """From this transaction's commit on, the set holds what the change log says up to there."""
        self._connection.execute(update(SETS).where(SETS.c.set_id == chosen.set_id).values(seq=seq))

    def measured(self, chosen: VectorSet, recall: float) -> None:
        """Keep what its index finds."""
        self._connection.execute(update(SETS).where(SETS.c.set_id == chosen.set_id).values(recall=recall))

    def ids(self, chosen: VectorSet) -> NDArray[np.int64]:
        """The utterances whose vectors it holds: int64 (n,), ascending."""
        table = vectors_table(chosen.dim)
        statement = select(table.c.utterance_id).where(table.c.set_id == chosen.set_id)
        found = self._connection.execute(statement, execution_options=BINARY_ROWS).fetchall()
        return np.sort(np.array([row[0] for row in found], dtype=np.int64))

    def count(self, chosen: VectorSet) -> int:
        """How many vectors it holds."""
        table = vectors_table(chosen.dim)
        counted = select(func.count()).select_from(table).where(table.c.set_id == chosen.set_id)
        return self._connection.scalar(counted) or 0

    def empty(self, chosen: VectorSet) -> None:
        """Delete its vectors, so that it begins anew; the caller holds the collection's lock."""
        table = vectors_table(chosen.dim)
        self._connection.execute(delete(table).where(table.c.set_id == chosen.set_id))
        self._connection.execute(update(SETS).where(SETS.c.set_id == chosen.set_id).values(seq=0, recall=None))

    def remove(self, chosen: VectorSet) -> None:
        """Delete the set and its vectors."""
        self._connection.execute(delete(SETS).where(SETS.c.set_id == chosen.set_id))

    def of_generation(self, collection: Collection, space: str | None = None) -> list[tuple[int, VectorSet]]:
        """The versions of a space, or of all spaces, with their sets."""
        if not VectorTables(self._connection).exist_sets():
            return []
        conditions: list[ColumnElement[bool]] = [SETS.c.generation_id == collection.generation.generation_id]
        if space is not None:
            conditions.append(SETS.c.space == space)
        kept = self._connection.execute(select(SETS.c.space, SETS.c.version, SETS.c.dim).where(*conditions)).fetchall()
        found = [(row.version, self.find(collection, row.space, row.version, row.dim)) for row in kept]
        return [(version, each) for version, each in found if each is not None]

    def _copy(self, table: str, content: bytes) -> None:
        # binary, as the driver alone can: text of a million vectors takes minutes to write and to read
        driver: Any = self._connection.connection.driver_connection
        statement = f"COPY {table} (set_id, utterance_id, vector) FROM STDIN (FORMAT binary)"
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(content)
        except self._driver.Error as error:
            dialect = self._connection.dialect
            lost = dialect.is_disconnect(error, driver, None)
            raise DBAPIError.instance(
                statement, None, error, self._driver.Error, connection_invalidated=lost, dialect=dialect
            ) from error

    @property
    def _driver(self) -> Any:
        return self._connection.dialect.dbapi


def of_set(dim: int) -> ColumnElement[bool]:
    """The condition that a row of the table is of the set `set_id`, as the planner knows it from the set's index."""
    return vectors_table(dim).c.set_id == bindparam("set_id", literal_execute=True)


def _key(collection: Collection, space: str, version: int) -> dict[str, Any]:
    return {"generation_id": collection.generation.generation_id, "space": space, "version": version}


def _set_from(row: Any, version: tuple[int, ...]) -> VectorSet:
    return VectorSet(
        set_id=row.set_id,
        dim=row.dim,
        seq=row.seq,
        recall=row.recall,
        is_indexed=row.index is not None,
        in_halves="halfvec" in (row.index or ""),
        iterates=version >= (0, 8),
    )


def _copied(chosen: VectorSet, ids: NDArray[np.int64], vectors: NDArray[Any]) -> bytes:
    """Rows as COPY reads them: how many fields there are, then each with its length before it."""
    dim = chosen.dim
    fields = [
        ("fields", ">i2"), ("set_length", ">i4"), ("set_id", ">i4"), ("id_length", ">i4"), ("id", ">i8"),
        ("length", ">i4"), ("dim", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dim,)),
    ]  # fmt: skip
    rows = np.zeros(len(ids), np.dtype(fields))
    rows["fields"], rows["set_length"], rows["id_length"], rows["length"] = 3, 4, 8, 4 + 4 * dim
    rows["set_id"], rows["id"], rows["dim"], rows["vector"] = chosen.set_id, ids, dim, vectors
    return _COPY_HEAD + rows.tobytes() + _COPY_END
