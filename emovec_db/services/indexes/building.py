"""Indexes made from the database, and brought level with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emovec_db.domain.collection import Collection
from emovec_db.index.choice import build_index, is_small
from emovec_db.index.filtered import FilteredIndex
from emovec_db.services.indexes.stored import mapped_vectors, stored_columns, stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit


def built(unit: Unit, collection: Collection, space: Space, folder: Path) -> FilteredIndex:
    """Of everything that the collection's generation has; what doesn't fit into memory lies in `folder` meanwhile."""
    if is_small(unit.utterances.count(collection)):
        index = build_index(*stored_vectors(unit, collection, space))
    else:
        with mapped_vectors(unit, collection, space, folder) as (ids, vectors):
            index = build_index(ids, vectors)
    return FilteredIndex.of(index, stored_columns(unit, collection))


def catch_up(unit: Unit, collection: Collection, space: Space, index: FilteredIndex, seq: int) -> int:
    """Apply to the index what the change log holds after `seq`; returns the log's head."""
    head = unit.changes.head(collection.collection_id)
    while seq < head:
        changes = unit.changes.since(collection, seq)
        if not changes:
            break
        present = {change.utterance_id: change.added for change in changes}
        index.remove(np.array([key for key, added in present.items() if not added], dtype=np.int64))
        _add(unit, collection, space, index, [key for key, added in present.items() if added])
        seq = changes[-1].seq
    return head


def _add(unit: Unit, collection: Collection, space: Space, index: FilteredIndex, ids: list[int]) -> None:
    vectors = unit.utterances.vectors(collection, sorted(ids))
    if len(vectors.ids):
        index.add(unit.utterances.columns(collection, vectors.ids.tolist()), space.project(vectors))
