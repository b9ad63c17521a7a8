"""Search without an index: a query against every stored vector that may be found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter, Vectors
from emovec_db.index.exact import ExactIndex
from emovec_db.index.protocol import Neighbours
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

#: vectors that are in memory at a time
BLOCK = 5_000


@dataclass(frozen=True, slots=True)
class StoredScan:
    """Reads the vectors from the database, block by block, so that memory does not grow with the collection."""

    unit: Unit
    collection: Collection
    space: Space
    #: looks at nothing but this recording's
    recording_id: int | None = None

    @property
    def exact(self) -> bool:
        return True

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        """As `Level.nearest`."""
        ids = None
        if not filter.is_empty or self.recording_id is not None:
            ids = self.unit.utterances.ids(self.collection, filter, self.recording_id)
        return nearest_stored(self.unit, self.collection, self.space, queries, k, ids)


def nearest_stored(
    unit: Unit,
    collection: Collection,
    space: Space,
    queries: NDArray[np.float32],
    k: int,
    ids: NDArray[np.int64] | None = None,
) -> Neighbours:
    """The k nearest of each query of float32 (q, dim) among these utterances, int64 (n,), or all; ties by id."""
    best = Neighbours.none(len(queries), 0)
    for stored in _blocks(unit, collection, ids):
        block = ExactIndex(queries.shape[1])
        block.add(stored.ids, space.project(stored))
        best = _better(best, block.search(queries, min(k, len(stored.ids))), k)
    return _better(best, Neighbours.none(len(queries), k), k)


def _blocks(unit: Unit, collection: Collection, ids: NDArray[np.int64] | None) -> Iterator[Vectors]:
    if ids is None:
        yield from unit.utterances.all_vectors(collection, BLOCK)
        return
    for start in range(0, len(ids), BLOCK):
        stored = unit.utterances.vectors(collection, ids[start : start + BLOCK])
        if len(stored.ids):
            yield stored


def _better(first: Neighbours, second: Neighbours, k: int) -> Neighbours:
    """The k best of both, best first."""
    ids = np.concatenate([first.ids, second.ids], axis=1)
    similarities = np.concatenate([first.similarities, second.similarities], axis=1)
    # what stands for none comes last
    order = np.lexsort((ids, -similarities), axis=1)[:, :k]
    return Neighbours(np.take_along_axis(ids, order, axis=1), np.take_along_axis(similarities, order, axis=1))
