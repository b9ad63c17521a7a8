"""An index and, row for row beside it, what its utterances are filtered by."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.columns import Columns
from emovec_db.domain.conditions import Condition
from emovec_db.errors import IndexDamagedError
from emovec_db.index.columns_file import load_columns, save_columns
from emovec_db.index.matching import matching
from emovec_db.index.protocol import Neighbours, VectorIndex

_FROZEN, _RECENT, _RECENT_IDS = "frozen", "recent", "recent.npy"


class FilteredIndex:
    """Vectors and columns that come, go and are searched together.

    As the index below it, it may be searched by several threads side by side, but not while it is changed.
    """

    def __init__(self, index: VectorIndex, frozen: Columns, recent: Columns) -> None:
        self.index = index
        #: of `index.frozen_ids`, in their order
        self._frozen = frozen
        #: of all others
        self._recent = recent

    @classmethod
    def of(cls, index: VectorIndex, columns: Columns) -> Self:
        """From an index and the columns of all its ids, in any order."""
        at = _places(columns.ids, index.frozen_ids)
        return cls(index, columns.take(at), columns.without(index.frozen_ids))

    def add(self, columns: Columns, vectors: NDArray[np.float32]) -> None:
        """Add utterances with their unit vectors float32 (n, dim); an id that is present is replaced."""
        self.index.add(columns.ids, vectors)
        self._recent = Columns.joined([self._recent.without(columns.ids), columns])

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove these ids, ignoring unknown ones; returns how many went."""
        if np.isin(ids, self._recent.ids).any():
            self._recent = self._recent.without(ids)
        return self.index.remove(ids)

    def search(self, queries: NDArray[np.float32], k: int, condition: Condition) -> Neighbours:
        """The k nearest of each query of float32 (q, dim), among the utterances that fulfil a condition.

        Every field that it asks of needs a column (`is_answered`).
        """
        others = np.sort(self._recent.ids[matching(self._recent, condition)])
        return self.index.search_among(queries, k, matching(self._frozen, condition), others)

    def columns(self, ids: NDArray[np.int64]) -> Columns:
        """Of these ids, which are all there, in their order."""
        every = Columns.joined([self._frozen, self._recent])
        return every.take(_places(every.ids, ids))

    def folded(self) -> Self:
        """The same without a tail and with nothing left of what was removed; trains nothing."""
        return type(self).of(self.index.folded(), Columns.joined([self._frozen, self._recent]))

    def save(self, folder: Path) -> None:
        """Write files into this existing folder."""
        self.index.save(folder)
        save_columns(folder, _FROZEN, self._frozen)
        save_columns(folder, _RECENT, self._recent)
        np.save(folder / _RECENT_IDS, self._recent.ids, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, kind: type[VectorIndex]) -> Self:
        """Map what save() wrote; raises IndexDamagedError where it is something else, FileNotFoundError where gone."""
        index = kind.load(folder)
        try:
            recent = np.load(folder / _RECENT_IDS, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise IndexDamagedError(f"{folder} holds no columns: {error}; run `emovec reindex`") from error
        return cls(index, load_columns(folder, _FROZEN, index.frozen_ids), load_columns(folder, _RECENT, recent))


def _places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in `ids` each of `wanted` is; where an id comes twice, the later."""
    if len(ids) == len(wanted) and np.array_equal(ids, wanted):
        return np.arange(len(ids))
    order = np.argsort(ids, kind="stable")
    places: NDArray[np.int64] = order[np.searchsorted(ids[order], wanted, side="right") - 1]
    return places
