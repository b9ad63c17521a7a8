"""Which structure a frozen index gets, and reading one back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError
from emovec_db.index.choice import EXACT_LIMIT
from emovec_db.index.frozen import FrozenIndex
from emovec_db.index.matrix import Matrix


def build_frozen(vectors: NDArray[np.float32], *, recall_target: float = 0.98) -> FrozenIndex:
    """The right structure for float32 (n, dim) unit vectors, in memory or memory-mapped; n may be 0.

    The same vectors give the same index. Raises QueryError where vectors aren't finite and of length 1.
    """
    if len(vectors) <= EXACT_LIMIT:
        return Matrix.build(vectors)
    from emovec_db.index.inverted_file import InvertedFile  # small collections need no FAISS

    return InvertedFile.build(vectors, recall_target=recall_target)


def load_frozen(folder: Path, kind: str) -> FrozenIndex:
    """Map the index of this kind that was saved there; raises IndexDamagedError, or FileNotFoundError where gone."""
    if kind == "matrix":
        return Matrix.load(folder)
    if kind == "ivf":
        from emovec_db.index.inverted_file import InvertedFile  # small collections need no FAISS

        return InvertedFile.load(folder)
    raise IndexDamagedError(f"{folder} holds an index of kind {kind!r}, expected matrix or ivf; run `emovec reindex`")
