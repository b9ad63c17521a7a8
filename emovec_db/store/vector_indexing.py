"""Making and dropping the indexes of sets, beside whoever reads and writes."""

from __future__ import annotations

from sqlalchemy import Connection, text

from emovec_db.store.vector_sets import VectorSet
from emovec_db.store.vector_tables import VectorTables, index_name, vectors_table

#: the index: links of each vector, rows looked at for each that is put in
LINKS, BUILD_WIDTH = 16, 128
#: vectors at least so long are indexed in half precision where pgvector can, which halves the index. Shorter ones hold
#: little, and spaces of scores have neighbours nearer to each other than half precision tells apart
HALVES_MIN_DIM = 256
#: pgvector's limits on what can be indexed
MAX_INDEXED_DIM, MAX_INDEXED_DIM_IN_HALVES = 2_000, 4_000


class VectorIndexing:
    """The indexes of sets; each statement is a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def make(self, chosen: VectorSet) -> bool:
        """Make the set's index, unless another process is about to; whether it is there now because of this call."""
        ordered = _indexed(chosen.dim, VectorTables(self._connection).version() or ())
        if ordered is None or not self._connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), _lock(chosen)):
            return False
        name, table = index_name(chosen.dim, chosen.set_id), vectors_table(chosen.dim).name
        try:
            # what is left of one whose making was interrupted is never used, and in the way
            self._connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
            self._connection.execute(
                text(
                    f"CREATE INDEX CONCURRENTLY {name} ON {table} USING hnsw ({ordered}) "
                    f"WITH (m = {LINKS}, ef_construction = {BUILD_WIDTH}) WHERE set_id = {chosen.set_id:d}"
                )
            )
            self._connection.execute(text(f"ANALYZE {table}"))
        finally:
            self._connection.execute(text("SELECT pg_advisory_unlock(:lock)"), _lock(chosen))
        return True

    def drop(self, chosen: VectorSet) -> None:
        """Drop the set's index, once no transaction searches by it."""
        self._connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(chosen.dim, chosen.set_id)}"))


def _lock(chosen: VectorSet) -> dict[str, int]:
    return {"lock": 0x656D6F0000000000 + chosen.set_id}


def _indexed(dim: int, version: tuple[int, ...]) -> str | None:
    """What an index of vectors so long is of; None: they are too long for one."""
    if version >= (0, 7) and HALVES_MIN_DIM <= dim <= MAX_INDEXED_DIM_IN_HALVES:
        return f"(CAST(vector AS halfvec({dim:d}))) halfvec_ip_ops"
    return "vector vector_ip_ops" if dim <= MAX_INDEXED_DIM else None
