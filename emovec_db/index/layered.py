"""A large index that can be changed: an inverted file that never is, rows that are gone from it, a tail of new ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError
from emovec_db.index.checks import check_k, checked_ids, checked_vectors
from emovec_db.index.exact import ExactIndex
from emovec_db.index.inverted_file import InvertedFile
from emovec_db.index.protocol import NO_ID, Neighbours

_ROWS_FILE, _GONE_FILE, _LAYERS_FILE = "rows.npy", "gone.npy", "layers.json"


class LayeredIndex:
    """Ids and vectors over an inverted file of row numbers.

    What is removed is only marked as gone, what is added goes into an exact tail, both at once and whatever the size;
    `folded` brings both into a new inverted file without training it anew.
    """

    def __init__(
        self, ids: NDArray[np.int64], gone: NDArray[np.bool_], below: InvertedFile, tail: ExactIndex, built_size: int
    ) -> None:
        self._ids = ids
        self._gone = gone
        self._below = below
        self._tail = tail
        self._built_size = built_size
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    @classmethod
    def build(cls, ids: NDArray[np.int64], vectors: NDArray[np.float32], *, recall_target: float = 0.98) -> Self:
        """From int64 (n,) ids and float32 (n, dim) unit vectors, in memory or mapped, n ≥ 1."""
        ids = checked_ids(ids, len(vectors))
        below = InvertedFile.build(vectors, recall_target=recall_target)
        return cls(ids, np.zeros(len(ids), np.bool_), below, ExactIndex(below.dim), len(ids))

    @property
    def kind(self) -> str:
        return "layered"

    @property
    def dim(self) -> int:
        return self._below.dim

    @property
    def size(self) -> int:
        return self._below.size - int(self._gone.sum()) + self._tail.size

    @property
    def exact(self) -> bool:
        return False

    @property
    def recall(self) -> float:
        return self._below.recall

    @property
    def built_size(self) -> int:
        return self._built_size

    @property
    def tail_size(self) -> int:
        """How many vectors each search compares one by one."""
        return self._tail.size

    @property
    def has_gone(self) -> bool:
        """Whether something of removed vectors is left in it."""
        return bool(self._gone.any())

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        vectors = checked_vectors(vectors, self.dim)
        ids = checked_ids(ids, len(vectors))
        self._mark_gone(ids)
        self._tail.add(ids, vectors)

    def remove(self, ids: NDArray[np.int64]) -> int:
        return self._mark_gone(ids) + self._tail.remove(ids)

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        return self._search(queries, k, self._mask(allowed), allowed)

    def search_among(
        self, queries: NDArray[np.float32], k: int, frozen: NDArray[np.bool_], others: NDArray[np.int64]
    ) -> Neighbours:
        return self._search(queries, k, frozen & ~self._gone if self.has_gone else frozen, others)

    def _search(
        self,
        queries: NDArray[np.float32],
        k: int,
        mask: NDArray[np.bool_] | None,
        allowed: NDArray[np.int64] | None,
    ) -> Neighbours:
        """Among the rows of the mask, and in the tail among the ids."""
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        found = self._below.search(queries, k, mask)
        ids = np.full_like(found.ids, NO_ID)
        real = found.ids != NO_ID
        ids[real] = self._ids[found.ids[real]]
        if not self._tail.size:
            return _ordered(ids, found.similarities, k)
        newer = self._tail.search(queries, k, allowed)
        return _ordered(
            np.concatenate([ids, newer.ids], axis=1),
            np.concatenate([found.similarities, newer.similarities], axis=1),
            k,
        )

    def ids(self) -> NDArray[np.int64]:
        return np.sort(np.concatenate([self._ids[~self._gone], self._tail.ids()]))

    @property
    def frozen_ids(self) -> NDArray[np.int64]:
        return np.where(self._gone, NO_ID, self._ids) if self.has_gone else self._ids

    def folded(self) -> Self:
        """The same with an empty tail and nothing left of what was removed; seconds for a million vectors."""
        kept = ~self._gone
        ids, vectors = self._tail.rows()
        below = self._below.without(np.flatnonzero(self._gone)).joined(vectors)
        ids = np.concatenate([self._ids[kept], ids])
        return type(self)(ids, np.zeros(len(ids), np.bool_), below, ExactIndex(self.dim), self._built_size)

    def save(self, folder: Path) -> None:
        self._below.save(folder)
        self._tail.save(folder)
        np.save(folder / _ROWS_FILE, self._ids, allow_pickle=False)
        np.save(folder / _GONE_FILE, self._gone, allow_pickle=False)
        (folder / _LAYERS_FILE).write_text(json.dumps({"built_size": self._built_size}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        below, tail = InvertedFile.load(folder), ExactIndex.load(folder)
        try:
            ids = np.load(folder / _ROWS_FILE, allow_pickle=False)
            gone = np.load(folder / _GONE_FILE, allow_pickle=False)
            built_size = int(json.loads((folder / _LAYERS_FILE).read_text(encoding="utf-8"))["built_size"])
        except (ValueError, EOFError, KeyError, TypeError) as error:
            raise IndexDamagedError(f"{folder} holds no layered index: {error}; run `emovec reindex`") from error
        expected = (np.int64, np.bool_, (below.size,), (below.size,), below.dim)
        if (ids.dtype, gone.dtype, ids.shape, gone.shape, tail.dim) != expected:
            raise IndexDamagedError(
                f"{folder} holds {ids.dtype} ids of shape {ids.shape}, {gone.dtype} marks of shape {gone.shape} and a "
                f"tail of dim {tail.dim}; expected int64 and bool, both ({below.size},), and {below.dim}; "
                "run `emovec reindex`"
            )
        return cls(ids, gone, below, tail, built_size)

    def _mark_gone(self, ids: NDArray[np.int64]) -> int:
        """How many of them were in the inverted file until now."""
        rows = self._rows_of(np.unique(ids))
        fresh = rows[~self._gone[rows]]
        self._gone[fresh] = True
        return len(fresh)

    def _rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of those ids that are in the inverted file, gone or not."""
        if not len(self._sorted):
            return np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        rows: NDArray[np.int64] = self._order[at[self._sorted[at] == ids]]
        return rows

    def _mask(self, allowed: NDArray[np.int64] | None) -> NDArray[np.bool_] | None:
        if allowed is None:
            return ~self._gone if self.has_gone else None
        mask = np.zeros(len(self._ids), np.bool_)
        rows = self._rows_of(allowed)
        mask[rows] = ~self._gone[rows]
        return mask


def _ordered(ids: NDArray[np.int64], similarities: NDArray[np.float32], k: int) -> Neighbours:
    """The first k of each row, most similar first, equal ones by id."""
    order = np.lexsort((ids, -similarities))[:, :k]
    return Neighbours(np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1))
