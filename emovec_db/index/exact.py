"""Exact search by numpy: the oracle for every other index, and the real thing for small collections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError
from emovec_db.index.checks import check_k, checked_ids, checked_vectors
from emovec_db.index.protocol import Neighbours

#: memory that one block of similarities may take
BLOCK_BYTES = 64 * 2**20
#: rows that are scored in float64 at a time
PRECISE_ROWS = 4096
#: more than float32 products of unit vectors err (about 1e-6 at dim 1024): what lies within it is scored in float64
ROUNDING = 1e-5
#: below this share of all vectors, gathering the allowed ones is quicker than scoring all
GATHER_SHARE = 0.25
MIN_CAPACITY = 64

_IDS_FILE, _VECTORS_FILE = "ids.npy", "vectors.npy"


class ExactIndex:
    """All vectors in one float32 array; right in order and value, whatever the batch."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._size = 0
        # rows from _size up are spare: adding is amortised, removing fills holes from the end
        self._ids = np.empty(0, np.int64)
        self._vectors = np.empty((0, dim), np.float32)
        self._row_of: dict[int, int] = {}

    @property
    def kind(self) -> str:
        return "exact"

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def size(self) -> int:
        return self._size

    @property
    def exact(self) -> bool:
        return True

    @property
    def recall(self) -> float:
        return 1.0

    @property
    def built_size(self) -> int:
        return self._size

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        vectors = checked_vectors(vectors, self._dim)
        ids = checked_ids(ids, len(vectors))
        known = np.fromiter((self._row_of.get(id_, -1) for id_ in ids.tolist()), np.int64, len(ids))
        new = known < 0
        grown = self._size + int(new.sum())
        self._reserve(grown)
        rows = known
        rows[new] = np.arange(self._size, grown)
        self._ids[rows], self._vectors[rows] = ids, vectors
        self._row_of.update(zip(ids.tolist(), rows.tolist(), strict=True))
        self._size = grown

    def remove(self, ids: NDArray[np.int64]) -> int:
        found = {self._row_of.pop(id_) for id_ in set(ids.tolist()) if id_ in self._row_of}
        rows = np.array(sorted(found), np.int64)
        left = self._size - len(rows)
        holes = rows[rows < left]
        movers = np.setdiff1d(np.arange(left, self._size), rows[rows >= left], assume_unique=True)
        self._ids[holes], self._vectors[holes] = self._ids[movers], self._vectors[movers]
        self._row_of.update(zip(self._ids[holes].tolist(), holes.tolist(), strict=True))
        self._size = left
        return len(rows)

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self._dim)
        check_k(k)
        found = Neighbours.none(len(queries), k)
        rows = None if allowed is None else np.flatnonzero(np.isin(self._ids[: self._size], allowed))
        for number, similarities in enumerate(self._similarities(queries, rows)):
            near = near_top(similarities, k)
            near = near if rows is None else rows[near]
            ids, exact = self._ids[near], precise(queries[number], self._vectors, near)
            order = np.lexsort((ids, -exact))[:k]
            found.ids[number, : len(order)] = ids[order]
            found.similarities[number, : len(order)] = exact[order]
        return found

    def search_among(
        self, queries: NDArray[np.float32], k: int, frozen: NDArray[np.bool_], others: NDArray[np.int64]
    ) -> Neighbours:
        del frozen  # of none
        return self.search(queries, k, others)

    def ids(self) -> NDArray[np.int64]:
        return np.sort(self._ids[: self._size])

    @property
    def frozen_ids(self) -> NDArray[np.int64]:
        return np.empty(0, np.int64)

    @property
    def tail_size(self) -> int:
        return 0

    @property
    def has_gone(self) -> bool:
        return False

    def folded(self) -> Self:
        return self

    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids int64 (n,) and their vectors float32 (n, dim), in no order."""
        return self._ids[: self._size], self._vectors[: self._size]

    def save(self, folder: Path) -> None:
        np.save(folder / _IDS_FILE, self._ids[: self._size], allow_pickle=False)
        np.save(folder / _VECTORS_FILE, self._vectors[: self._size], allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            ids = np.load(folder / _IDS_FILE, allow_pickle=False)
            vectors = np.load(folder / _VECTORS_FILE, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise IndexDamagedError(f"{folder} holds no exact index: {error}; run `emovec reindex`") from error
        if ids.dtype != np.int64 or vectors.dtype != np.float32 or vectors.ndim != 2 or ids.shape != vectors.shape[:1]:
            raise IndexDamagedError(
                f"{folder} holds {ids.dtype} ids of shape {ids.shape} and {vectors.dtype} vectors of shape "
                f"{vectors.shape}; expected int64 (n,) and float32 (n, dim); run `emovec reindex`"
            )
        index = cls(vectors.shape[1])
        index._ids, index._vectors, index._size = ids, vectors, len(ids)
        index._row_of = {id_: row for row, id_ in enumerate(ids.tolist())}
        return index

    def _reserve(self, size: int) -> None:
        if size <= len(self._ids):
            return
        capacity = max(size, 2 * self._size, MIN_CAPACITY) if self._size else max(size, MIN_CAPACITY)
        ids, vectors = np.empty(capacity, np.int64), np.empty((capacity, self._dim), np.float32)
        ids[: self._size], vectors[: self._size] = self._ids[: self._size], self._vectors[: self._size]
        self._ids, self._vectors = ids, vectors

    def _similarities(
        self, queries: NDArray[np.float32], rows: NDArray[np.int64] | None
    ) -> Iterator[NDArray[np.float32]]:
        """Of each query to the vectors in these rows (None: all), float32; blocks of queries bound the memory."""
        vectors = self._vectors[: self._size]
        columns = rows
        if rows is not None and len(rows) < GATHER_SHARE * self._size:
            vectors, columns = vectors[rows], None
        block = max(1, BLOCK_BYTES // (4 * max(1, len(vectors))))
        for start in range(0, len(queries), block):
            products = queries[start : start + block] @ vectors.T
            yield from products if columns is None else products[:, columns]


def precise(query: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """float32 (m,) similarities of a query to these rows of vectors that depend on nothing but the two of them.

    So equal vectors tie, alone or in a batch.
    """
    similarities = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), PRECISE_ROWS):
        block = vectors[rows[start : start + PRECISE_ROWS]].astype(np.float64)
        similarities[start : start + PRECISE_ROWS] = np.einsum("ij,j->i", block, query.astype(np.float64))
    return similarities


def near_top(similarities: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Positions of the k greatest and of all that rounding might have kept from being among them."""
    if len(similarities) <= k:
        return np.arange(len(similarities))
    kth = np.partition(similarities, len(similarities) - k)[len(similarities) - k]
    return np.flatnonzero(similarities >= kth - ROUNDING)
