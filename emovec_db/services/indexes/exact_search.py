"""Searching stored vectors one by one, as the database has them: right in any case, and quick where they are few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Vectors
from emovec_db.index.protocol import Neighbours
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

#: vectors in memory at once
BATCH = 5_000


def nearest_stored(
    unit: Unit,
    collection: Collection,
    space: Space,
    queries: NDArray[np.float32],
    k: int,
    ids: NDArray[np.int64] | None = None,
) -> Neighbours:
    """The k nearest of each query of float32 (q, dim) among all or some utterances; equal ones by ascending id."""
    best = Neighbours.none(len(queries), k)
    for stored in _stored(unit, collection, ids):
        near = queries @ space.project(stored).T
        for row, similarities in enumerate(near):
            all_ids = np.concatenate([best.ids[row], stored.ids])
            all_near = np.concatenate([best.similarities[row], similarities])
            order = np.lexsort((all_ids, -all_near))[:k]
            best.ids[row], best.similarities[row] = all_ids[order], all_near[order]
    return best


def _stored(unit: Unit, collection: Collection, ids: NDArray[np.int64] | None) -> Iterator[Vectors]:
    if ids is None:
        yield from unit.utterances.all_vectors(collection, BATCH)
        return
    for start in range(0, len(ids), BATCH):
        found = unit.utterances.vectors(collection, ids[start : start + BATCH])
        if len(found.ids):
            yield found
