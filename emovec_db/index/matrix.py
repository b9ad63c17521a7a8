"""A frozen index that keeps the vectors themselves and compares with each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError
from emovec_db.index.checks import check_k, checked_mask, checked_vectors
from emovec_db.index.exact import BLOCK_BYTES, GATHER_SHARE, near_top, precise
from emovec_db.index.protocol import Neighbours

_VECTORS_FILE = "vectors.npy"


class Matrix:
    """float32 (n, dim), in memory or mapped from its file; right in order and value, whatever the batch."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    @classmethod
    def build(cls, vectors: NDArray[np.float32]) -> Self:
        """From float32 (n, dim) unit vectors, which it doesn't copy; n may be 0. Raises QueryError."""
        return cls(checked_vectors(vectors, vectors.shape[-1]))

    @property
    def kind(self) -> str:
        return "matrix"

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def size(self) -> int:
        return len(self._vectors)

    @property
    def exact(self) -> bool:
        return True

    @property
    def recall(self) -> float:
        return 1.0

    @property
    def parameters(self) -> dict[str, int]:
        return {}

    def search(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        chosen = None if rows is None else np.flatnonzero(checked_mask(rows, self.size))
        found = Neighbours.none(len(queries), k)
        for number, similarities in enumerate(self._similarities(queries, chosen)):
            near = near_top(similarities, k)
            near = near if chosen is None else chosen[near]
            exact = precise(queries[number], self._vectors, near)
            order = np.lexsort((near, -exact))[:k]
            found.ids[number, : len(order)] = near[order]
            found.similarities[number, : len(order)] = exact[order]
        return found

    def scan(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        return self.search(queries, k, rows)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._vectors[rows]

    def without(self, rows: NDArray[np.int64]) -> Self:
        return type(self)(np.delete(self._vectors, rows, axis=0))

    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS_FILE, self._vectors, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            # a plain array over the mapping: slicing a memmap object costs more than small searches do
            vectors = np.asarray(np.load(folder / _VECTORS_FILE, mmap_mode="r", allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise IndexDamagedError(f"{folder} holds no matrix of vectors: {error}; run `emovec reindex`") from error
        if vectors.dtype != np.float32 or vectors.ndim != 2:
            raise IndexDamagedError(
                f"{folder} holds {vectors.dtype} of shape {vectors.shape}; expected float32 (n, dim); "
                "run `emovec reindex`"
            )
        return cls(vectors)

    def _similarities(
        self, queries: NDArray[np.float32], chosen: NDArray[np.int64] | None
    ) -> Iterator[NDArray[np.float32]]:
        """Of each query to the vectors of these rows (None: all), float32; blocks of queries bound the memory."""
        vectors, columns = self._vectors, chosen
        if chosen is not None and len(chosen) < GATHER_SHARE * self.size:
            vectors, columns = vectors[chosen], None
        block = max(1, BLOCK_BYTES // (4 * max(1, len(vectors))))
        for start in range(0, len(queries), block):
            products = queries[start : start + block] @ vectors.T
            yield from products if columns is None else products[:, columns]
