"""Searching one Milvus collection beside the rows that it follows.

Milvus filters by itself where a filter asks for what it holds. Else ids come from the database: few are compared one by
one as they are stored there; of many, those that are nearest of all are kept that are among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.index.milvus.server import MAX_K, MilvusServer
from emovec_db.index.protocol import Neighbours
from emovec_db.services.indexes.milvus_fields import condition_of
from emovec_db.services.indexes.stored_scan import nearest_stored
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

#: utterances that are compared one by one
EXACT_MAX = 2_000
#: neighbours that Milvus is asked for, for each that is wanted among some, and at least
WIDTH_FACTOR, MIN_WIDTH = 4, 200


@dataclass(frozen=True, slots=True)
class MilvusLevel:
    """A collection in one space, and a state that its Milvus collection has come to."""

    unit: Unit
    collection: Collection
    space: Space
    server: MilvusServer
    #: of the Milvus collection
    name: str

    #: the index leaves some out, and Milvus rounds otherwise than numpy
    exact = False

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        condition = condition_of(filter)
        if condition is None:
            return self._among(queries, k, self.unit.utterances.ids(self.collection, filter))
        if k > MAX_K:
            return self._exactly(queries, k, self.unit.utterances.ids(self.collection, filter))
        return _in_order(self.server.search(self.name, queries, k, condition))

    def _among(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Neighbours:
        """The k nearest among ids int64 (n,), ascending."""
        if len(allowed) > EXACT_MAX and k <= MAX_K:
            for width in (min(max(WIDTH_FACTOR * k, MIN_WIDTH), MAX_K), MAX_K):
                found = _kept(self.server.search(self.name, queries, width), allowed, k)
                # where k of them are among the nearest of all, they are the nearest among these
                if (found.ids >= 0).all():
                    return found
        return self._exactly(queries, k, allowed)

    def _exactly(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Neighbours:
        return nearest_stored(self.unit, self.collection, self.space, queries, k, allowed)


def _kept(found: Neighbours, allowed: NDArray[np.int64], k: int) -> Neighbours:
    """The first k of each row that are allowed."""
    kept = Neighbours.none(len(found.ids), k)
    for row, ids in enumerate(found.ids):
        at = np.flatnonzero(np.isin(ids, allowed))[:k]
        kept.ids[row, : len(at)], kept.similarities[row, : len(at)] = ids[at], found.similarities[row, at]
    return _in_order(kept)


def _in_order(found: Neighbours) -> Neighbours:
    """Equal ones by ascending id."""
    orders = [np.lexsort((ids, -near)) for ids, near in zip(found.ids, found.similarities, strict=True)]
    at = np.array(orders, dtype=np.intp).reshape(found.ids.shape)
    return Neighbours(np.take_along_axis(found.ids, at, 1), np.take_along_axis(found.similarities, at, 1))
