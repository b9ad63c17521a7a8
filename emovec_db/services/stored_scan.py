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
        best = Neighbours.none(len(queries), 0)
        for stored in self._blocks(filter):
            block = ExactIndex(queries.shape[1])
            block.add(stored.ids, self.space.project(stored))
            best = _better(best, block.search(queries, min(k, len(stored.ids))), k)
        return best

    def _blocks(self, filter: Filter) -> Iterator[Vectors]:
        if filter.is_empty and self.recording_id is None:
            yield from self.unit.utterances.all_vectors(self.collection, BLOCK)
            return
        allowed = self.unit.utterances.ids(self.collection, filter, self.recording_id)
        for start in range(0, len(allowed), BLOCK):
            stored = self.unit.utterances.vectors(self.collection, allowed[start : start + BLOCK])
            if len(stored.ids):
                yield stored


def _better(first: Neighbours, second: Neighbours, k: int) -> Neighbours:
    """The k best of both, best first."""
    ids = np.concatenate([first.ids, second.ids], axis=1)
    similarities = np.concatenate([first.similarities, second.similarities], axis=1)
    order = np.lexsort((ids, -similarities), axis=1)[:, :k]
    return Neighbours(np.take_along_axis(ids, order, axis=1), np.take_along_axis(similarities, order, axis=1))
