"""Searching a set of vectors by pgvector: by its index, or vector by vector where that is as quick or more certain.

An index gives the rows that are nearest of all, and a filter takes from those: where enough of them pass, they are the
nearest that pass. Where they don't, more are asked for, and then each vector that passes is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Double, bindparam, cast, func, select, text
from sqlalchemy.types import UserDefinedType

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.store.statements import Query
from emovec_db.store.tables import UtteranceRow
from emovec_db.store.utterances import Utterances
from emovec_db.store.vector_sets import VectorSet, of_set
from emovec_db.store.vector_tables import Vector, vectors_table

#: a filter that lets no more through is answered vector by vector
EXACT_MAX = 2_000
#: rows that an index is asked for, for each that is wanted, and at least
WIDTH_FACTOR, MIN_WIDTH = 2, 100
#: hnsw.ef_search can't be more; where pgvector goes on by itself, rows are asked for up to the second
MAX_WIDTH, MAX_ITERATED = 1_000, 10_000

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


class _Halves(UserDefinedType[Any]):
    """pgvector's vectors of half precision."""

    cache_ok = True

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def get_col_spec(self, **_options: Any) -> str:
        return f"halfvec({self.dim})"


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """Searches sets, within one transaction."""

    connection: Connection

    def nearest(
        self, chosen: VectorSet, collection: Collection, query: NDArray[np.float32], k: int, filter: Filter
    ) -> Found:
        """Ids int64 (n,) and similarities float32 (n,) of the k nearest that pass, or all if there are fewer."""
        among = None if filter.is_empty else Utterances(self.connection).chosen(collection, filter)
        if chosen.is_indexed and (among is None or self._passing(among) > EXACT_MAX):
            for width in _widths(chosen, k, filtered=among is not None):
                found = self.by_index(chosen, query, k, width, among)
                if len(found[0]) == k:
                    return found
        return self.exactly(chosen, query, k, among)

    def among(self, chosen: VectorSet, query: NDArray[np.float32], k: int, ids: NDArray[np.int64]) -> Found:
        """The k nearest of some utterances."""
        some = select(UtteranceRow.utterance_id).where(UtteranceRow.utterance_id.in_(ids.tolist()))
        return self.exactly(chosen, query, k, some)

    def by_index(
        self, chosen: VectorSet, query: NDArray[np.float32], k: int, width: int, among: Query | None = None
    ) -> Found:
        """The k nearest that pass, of the `width` that the index finds."""
        self._set("hnsw.ef_search", str(min(width, MAX_WIDTH)))
        if chosen.iterates:
            self._set("hnsw.iterative_scan", "strict_order")
        near = (
            self._rows(chosen)
            .order_by(_index_distance(chosen))
            .limit(bindparam("width"))
            .cte("near")
            .prefix_with("MATERIALIZED")
        )
        statement = select(near.c.utterance_id, near.c.distance)
        if among is not None:
            statement = statement.where(near.c.utterance_id.in_(among))
        return self._found(statement.order_by(near.c.distance, near.c.utterance_id), chosen, query, k, width=width)

    def exactly(self, chosen: VectorSet, query: NDArray[np.float32], k: int, among: Query | None = None) -> Found:
        """The k nearest that pass, by the distance of each; equal ones by id."""
        rows = self._rows(chosen)
        if among is not None:
            rows = rows.where(vectors_table(chosen.dim).c.utterance_id.in_(among))
        # apart, so that no index gives the order
        near = rows.cte("near").prefix_with("MATERIALIZED")
        statement = select(near.c.utterance_id, near.c.distance)
        return self._found(statement.order_by(near.c.distance, near.c.utterance_id), chosen, query, k)

    def _rows(self, chosen: VectorSet) -> Query:
        table = vectors_table(chosen.dim)
        distance = _distance(table.c.vector, cast(_query(chosen.dim), Vector(chosen.dim))).label("distance")
        return select(table.c.utterance_id, distance).where(of_set(chosen.dim))

    def _found(self, statement: Query, chosen: VectorSet, query: NDArray[np.float32], k: int, **more: int) -> Found:
        values = {"set_id": chosen.set_id, "query": query, "k": k, **more}
        rows = self.connection.execute(statement.limit(bindparam("k")), values).fetchall()
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        return ids, -np.array([row[1] for row in rows], dtype=np.float32)

    def _passing(self, among: Query) -> int:
        """How many pass, as far as that matters."""
        some = among.limit(EXACT_MAX + 1).subquery()
        return self.connection.scalar(select(func.count()).select_from(some)) or 0

    def _set(self, name: str, value: str) -> None:
        self.connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})


def _widths(chosen: VectorSet, k: int, *, filtered: bool) -> tuple[int, ...]:
    """How many rows the index is asked for, one after the other, until enough of them pass."""
    most = MAX_ITERATED if chosen.iterates else MAX_WIDTH
    first = max(WIDTH_FACTOR * k, MIN_WIDTH)
    if first > most:
        return (most,) if k <= most else ()
    return (first, most) if filtered else (first,)


def _index_distance(chosen: VectorSet) -> ColumnElement[float]:
    vector, query = vectors_table(chosen.dim).c.vector, _query(chosen.dim)
    if chosen.in_halves:
        halves = _Halves(chosen.dim)
        return _distance(cast(vector, halves), cast(query, halves))
    return _distance(vector, cast(query, Vector(chosen.dim)))


def _query(dim: int) -> ColumnElement[Any]:
    return bindparam("query", type_=Vector(dim))


def _distance(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[float]:
    return left.op("<#>", return_type=Double())(right)
