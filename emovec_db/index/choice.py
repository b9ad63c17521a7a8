"""Which index a collection gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovec_db.index.exact import ExactIndex
from emovec_db.index.protocol import VectorIndex

#: Up to this many vectors search is exact. Measured with dim 1024 on one thread of two AMD Zen cores: 20,000 vectors
#: take 4.5 ms exactly and 0.25 ms by FAISS, 50,000 take 11 and 0.8 ms; FAISS takes 3 s to build, exact nothing.
#: Below it exact search costs less than reading the matches from the database.
EXACT_LIMIT = 20_000
#: FAISS's lists and codes fit the vectors that they were built from, and about twice as many
GROWTH_LIMIT = 2
#: a tail of this share of the index costs a search more than bringing it into the inverted file now and then
TAIL_SHARE = 0.05


def build_index(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
    """An index of int64 (n,) ids and float32 (n, dim) unit vectors; exact up to `EXACT_LIMIT`; n may be 0."""
    if not is_small(len(ids)):
        from emovec_db.index.layered import LayeredIndex  # small collections need no FAISS

        return LayeredIndex.build(ids, vectors)
    index = ExactIndex(vectors.shape[1])
    index.add(ids, vectors)
    return index


def is_small(count: int) -> bool:
    """Whether so many vectors are searched exactly."""
    return count <= EXACT_LIMIT


def outgrown(index: VectorIndex, patience: float = 1) -> bool:
    """Whether so much was added, `patience` times what should be, that building anew would serve searches better."""
    limit = EXACT_LIMIT if index.exact else GROWTH_LIMIT * max(index.built_size, EXACT_LIMIT)
    return index.size > patience * limit


def overgrown(index: VectorIndex, patience: float = 1) -> bool:
    """Whether its tail should be folded in, being `patience` times as long as it may be."""
    return index.tail_size > patience * max(EXACT_LIMIT, TAIL_SHARE * index.size)
