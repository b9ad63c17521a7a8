"""Whether the indexes say what the database says, and whether the database is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.classification import CheckReport
from emovec_db.domain.collection import Collection
from emovec_db.index.protocol import VectorIndex
from emovec_db.services.live_index import LiveIndexes, stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: stored vectors that are searched for, to see that each finds itself
PROBES = 200
#: similarity of a vector to itself, as an approximate index may give it
SELF_SIMILARITY = 0.95


def check(
    store: Store, blobs: Blobs, indexes: LiveIndexes, collection: Collection, spaces: Sequence[Space]
) -> CheckReport:
    """Compare indexes and database, and look for rows that contradict each other."""
    problems: list[str] = []
    indexed = 0
    for space in spaces:
        live = indexes.of(collection, space)
        with live.level() as (unit, index):
            ids, vectors = stored_vectors(unit, collection, space)
            problems.extend(f"space {space.name}: {problem}" for problem in compare_index(index, ids, vectors))
            indexed = index.size
        damage = live.damage()
        if damage:
            problems.append(f"space {space.name}: {damage}")
    with store.read() as unit:
        problems.extend(unit.integrity.problems(collection))
        problems.extend(_missing_blobs(unit, blobs, collection))
        recordings, utterances = unit.recordings.count_encoded(collection), unit.utterances.count(collection)
    return CheckReport(recordings=recordings, utterances=utterances, indexed=indexed, problems=tuple(problems))


def compare_index(index: VectorIndex, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> Iterator[str]:
    """What differs between an index and the stored ids int64 (n,) with their unit vectors float32 (n, dim)."""
    indexed = index.ids()
    missing, surplus = np.setdiff1d(ids, indexed), np.setdiff1d(indexed, ids)
    if len(missing):
        yield f"{len(missing)} utterances are not in the index, the first is {missing[0]}: run `emovec reindex`"
    if len(surplus):
        yield f"{len(surplus)} indexed utterances are not stored, the first is {surplus[0]}: run `emovec reindex`"
    if len(ids) and not len(missing) and not len(surplus):
        lost = _lost(index, ids, vectors)
        if lost:
            tried = min(PROBES, len(ids))
            yield f"{lost} of {tried} utterances don't find themselves in the index: run `emovec reindex`"


def _lost(index: VectorIndex, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> int:
    """How many of some evenly spread utterances are found under their own id with another vector, or not at all."""
    lost = 0
    for row in np.unique(np.linspace(0, len(ids) - 1, PROBES).astype(np.int64)):
        found = index.search(vectors[row : row + 1], 1, allowed=ids[row : row + 1])
        lost += not (found.ids[0, 0] == ids[row] and found.similarities[0, 0] >= SELF_SIMILARITY)
    return lost


def _missing_blobs(unit: Unit, blobs: Blobs, collection: Collection) -> Iterator[str]:
    for recording_id, key in unit.recordings.blob_keys(collection.collection_id):
        if not blobs.exists(key):
            yield f"the stored file of recording {recording_id} is missing: upload it again, or delete the recording"
