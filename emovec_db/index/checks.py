"""What every index refuses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import QueryError

#: how far a length may be from 1: rounding stays below 1e-6, forgotten normalisation far above
LENGTH_TOLERANCE = 1e-3


def checked_vectors(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The same as C-contiguous float32 (n, dim); raises QueryError unless finite, of this dim and of length 1."""
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise QueryError(
            f"got vectors of shape {vectors.shape} for an index of dim {dim}; expected (n, {dim}): "
            "use the collection's own encoder and space"
        )
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    # written so that NaN fails it too
    if not (np.abs(lengths - 1) <= LENGTH_TOLERANCE).all():
        worst = lengths[np.argmax(np.abs(lengths - 1))]
        raise QueryError(
            f"got a vector of length {worst:.4g}; expected finite vectors of length 1, as a space gives them"
        )
    return vectors


def checked_ids(ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The same as int64 (count,); raises QueryError unless unique, not negative and as many as the vectors."""
    if ids.shape != (count,):
        raise QueryError(f"got ids of shape {ids.shape} for {count} vectors; expected one id per vector")
    ids = ids.astype(np.int64, copy=False)
    if count and ids.min() < 0:
        raise QueryError(f"got the id {ids.min()}; expected ids from 0 up")
    if len(np.unique(ids)) != count:
        raise QueryError(f"got {count} ids of which {len(np.unique(ids))} are distinct; expected each id once")
    return ids


def check_k(k: int) -> None:
    """Raise QueryError unless k is 1 or more."""
    if k < 1:
        raise QueryError(f"got k = {k}; expected 1 or more neighbours")


def checked_mask(rows: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The same; raises QueryError unless it is bool (size,)."""
    if rows.dtype != np.bool_ or rows.shape != (size,):
        raise QueryError(f"got a mask of {rows.dtype} {rows.shape} for {size} rows; expected bool ({size},)")
    return rows
