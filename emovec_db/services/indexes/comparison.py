"""Whether an index says what the database says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.columns import Columns, Words
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.protocol import Neighbours

#: stored vectors that are searched for, to see that each finds itself
PROBES = 200
#: similarity of a vector to itself, as an approximate index may give it
SELF_SIMILARITY = 0.95


class Searchable(Protocol):
    """What is asked of an index to compare it."""

    def ids(self) -> NDArray[np.int64]:
        """All ids, ascending."""

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Neighbours:
        """The k nearest of each query among these ids, exactly or nearly so."""


def compare_index(index: Searchable, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> Iterator[str]:
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


def _lost(index: Searchable, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> int:
    """How many of some evenly spread utterances are found under their own id with another vector, or not at all."""
    lost = 0
    for row in np.unique(np.linspace(0, len(ids) - 1, PROBES).astype(np.int64)):
        found = index.search(vectors[row : row + 1], 1, allowed=ids[row : row + 1])
        lost += not (found.ids[0, 0] == ids[row] and found.similarities[0, 0] >= SELF_SIMILARITY)
    return lost


def compare_columns(index: FilteredIndex, stored: Columns) -> Iterator[str]:
    """In what the columns that filters ask differ from the stored ones; ids that differ are told by compare_index()."""
    common = np.intersect1d(index.index.ids(), stored.ids)
    if not len(common):
        return
    kept, stored = index.columns(common), stored.take(np.searchsorted(stored.ids, common))
    for mine, theirs, rows in (
        (kept.utterances, stored.utterances, (slice(None), slice(None))),
        (kept.recordings, stored.recordings, (kept.recording, stored.recording)),
    ):
        for field, words in mine.texts.items():
            if not np.array_equal(_texts(words)[rows[0]], _texts(theirs.texts[field])[rows[1]]):
                yield f"filters by {field} go by other texts than are stored: run `emovec reindex`"
        for field, numbers in mine.numbers.items():
            if not np.array_equal(numbers[rows[0]], theirs.numbers[field][rows[1]], equal_nan=True):
                yield f"filters by {field} go by other numbers than are stored: run `emovec reindex`"


def _texts(words: Words) -> NDArray[np.object_]:
    # the last one stands for what is not known
    return np.array([*words.words, None], dtype=np.object_)[words.codes]
