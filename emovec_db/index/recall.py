"""How much of the exact answer an approximate index finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

#: recall is measured over this many neighbours
RECALL_K = 10
#: the recall of this many queries has a standard error of about 0.3 % around 98 %
RECALL_QUERIES = 256
#: a neighbour this little below the k-th is as good: equal vectors have no right order
TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Probe:
    """Some of an index's own vectors as queries, each against all the others, with the exact answer."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    #: positions of the queries among the vectors
    queries: NDArray[np.int64]
    #: float32 (q,), similarity of the k-th nearest other
    floor: NDArray[np.float32]

    @classmethod
    def of(cls, ids: NDArray[np.int64], vectors: NDArray[np.float32], seed: int) -> Self:
        """Drawn by the seed from int64 (n,) ids and float32 (n, dim) unit vectors."""
        drawn = np.random.default_rng(seed).choice(len(ids), min(RECALL_QUERIES, len(ids)), replace=False)
        queries = np.sort(drawn)
        k = min(RECALL_K, len(ids) - 1)
        # the query itself is the nearest, so the k-th other is the last of k + 1
        similarities, _ = faiss.knn(vectors[queries], vectors, k + 1, metric=faiss.METRIC_INNER_PRODUCT)
        return cls(ids, vectors, queries, similarities[:, k])

    def recall(self, index: Any) -> float:
        """Share of the nearest others that the FAISS index finds, at its present nprobe."""
        k = min(RECALL_K, len(self.ids) - 1)
        if k == 0:
            return 1.0
        own = self.ids[self.queries]
        _, found = index.search(self.vectors[self.queries], k + 1)
        other = (found >= 0) & (found != own[:, None])
        # without the query itself the last one is one too many
        other &= np.cumsum(other, axis=1) <= k
        row, column = np.nonzero(other)
        found_at = self._positions(found[row, column])
        products = np.einsum("ij,ij->i", self.vectors[self.queries[row]], self.vectors[found_at])
        return float((products >= self.floor[row] - TIE).sum() / (k * len(self.queries)))

    def _positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        order = np.argsort(self.ids)
        return order[np.searchsorted(self.ids, ids, sorter=order)]
