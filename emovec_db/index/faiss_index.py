"""Approximate search by FAISS for collections that exact search is too slow for."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError, QueryError
from emovec_db.index.checks import check_k, checked_ids, checked_vectors
from emovec_db.index.inverted_lists import Listing, listing_of, selector_of
from emovec_db.index.protocol import NO_ID, Neighbours
from emovec_db.index.recall import Probe

# FAISS's type stubs don't know its keyword arguments
_SEARCH_PARAMETERS: Any = faiss.SearchParametersIVF

#: up to this dim whole floats cost next to nothing and keep similarities exact; above, one byte per component
FLAT_DIM = 64
#: iterations and points per list of the coarse k-means: 51 s for a million vectors of dim 1024
COARSE_ITERATIONS, COARSE_POINTS = 10, 64
#: k-means over fewer points per list than this is noise
MIN_POINTS_PER_LIST = 39
#: beyond 1.5 times as many lists per step, recall would overshoot its target and waste time at every search
PROBE_STEP = 1.5
#: what is given up against visiting every list where even that misses the target
RECALL_SLACK = 0.005

_INDEX_FILE, _BUILD_FILE = "index.faiss", "build.json"


class FaissIndex:
    """An inverted file (IVF) of 8-bit vectors: ids can be removed, which HNSW can't do.

    `nlist` lists hold the vectors nearest to a centroid each; a search visits the `nprobe` nearest lists. nprobe is the
    smallest that reached the recall target when the index was built, against exact search.
    """

    def __init__(self, index: Any, *, recall: float, built_size: int) -> None:
        self._index = index
        self._recall = recall
        self._built_size = built_size
        self._listing: Listing | None = None

    @classmethod
    def build(
        cls, ids: NDArray[np.int64], vectors: NDArray[np.float32], *, seed: int, recall_target: float = 0.98
    ) -> FaissIndex:
        """From int64 (n,) ids and float32 (n, dim) unit vectors, n ≥ 1; the same input gives the same index."""
        if vectors.ndim != 2 or not len(vectors):
            raise QueryError(f"got vectors of shape {vectors.shape}; expected at least one to build an index from")
        vectors = checked_vectors(vectors, vectors.shape[1])
        ids = checked_ids(ids, len(vectors))
        index = trained(vectors, seed)
        index.add_with_ids(vectors, ids)
        probe = Probe.of(ids, vectors, seed)
        return cls(index, recall=tune(index, probe, recall_target), built_size=len(ids))

    @property
    def kind(self) -> str:
        return "faiss"

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def size(self) -> int:
        return int(self._index.ntotal)

    @property
    def exact(self) -> bool:
        return False

    @property
    def recall(self) -> float:
        return self._recall

    @property
    def built_size(self) -> int:
        return self._built_size

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        vectors = checked_vectors(vectors, self.dim)
        ids = checked_ids(ids, len(vectors))
        self.remove(ids)
        self._index.add_with_ids(vectors, ids)
        self._listing = None

    def remove(self, ids: NDArray[np.int64]) -> int:
        self._listing = None
        return int(self._index.remove_ids(np.unique(ids)))

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        if allowed is None:
            return self._search(queries, k, self._nprobe, None, self.size)
        listing = self._listed()
        is_allowed = np.isin(listing.ids, allowed)
        present = listing.ids[is_allowed]
        if not len(present) or not len(queries):
            return Neighbours.none(len(queries), k)
        # as many allowed vectors as a search without a filter sees vectors: then recall is the same
        wanted = min(len(present), self.size * self._nprobe / self._index.nlist)
        nprobe = listing.lists_until(wanted, queries, is_allowed)
        return self._search(queries, k, max(nprobe, self._nprobe), selector_of(present), len(present))

    def ids(self) -> NDArray[np.int64]:
        return np.sort(self._listed().ids)

    def save(self, folder: Path) -> None:
        faiss.write_index(self._index, str(folder / _INDEX_FILE))
        facts = {"recall": self._recall, "built_size": self._built_size}
        (folder / _BUILD_FILE).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        file = folder / _INDEX_FILE
        try:
            index = faiss.read_index(str(file))
            facts = json.loads((folder / _BUILD_FILE).read_text(encoding="utf-8"))
            recall, built_size = float(facts["recall"]), int(facts["built_size"])
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            if not file.exists():  # FAISS says so in no other way
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from error
            raise IndexDamagedError(f"{folder} holds no FAISS index: {error}; run `emovec reindex`") from error
        if not isinstance(index, faiss.IndexIVF):
            raise IndexDamagedError(f"{folder} holds a {type(index).__name__}; expected IVF; run `emovec reindex`")
        return cls(index, recall=recall, built_size=built_size)

    def _listed(self) -> Listing:
        # local first: another search may be setting it at the same time, to the same thing
        listing = self._listing or listing_of(self._index)
        self._listing = listing
        return listing

    @property
    def _nprobe(self) -> int:
        return int(self._index.nprobe)

    def _search(self, queries: NDArray[np.float32], k: int, nprobe: int, selector: Any, available: int) -> Neighbours:
        params = _SEARCH_PARAMETERS(nprobe=nprobe, sel=selector)
        similarities, ids = self._index.search(queries, k, params=params)
        short = (ids == NO_ID).sum(axis=1) > max(0, k - available)
        if short.any() and nprobe < self._index.nlist:
            return self._search(queries, k, int(self._index.nlist), selector, available)
        similarities[ids == NO_ID] = -np.inf
        order = np.lexsort((ids, -similarities))
        return Neighbours(np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1))


def trained(vectors: NDArray[np.float32], seed: int) -> Any:
    """An empty IVF index whose lists and codes fit these vectors."""
    count, dim = vectors.shape
    codec = "Flat" if dim <= FLAT_DIM else "SQ8"
    index: Any = faiss.index_factory(dim, f"IVF{_list_count(count)},{codec}", faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed
    index.cp.niter = COARSE_ITERATIONS
    index.cp.max_points_per_centroid = COARSE_POINTS
    index.cp.min_points_per_centroid = 1  # says nothing on stderr for tiny collections
    index.train(vectors)
    return index


def _list_count(count: int) -> int:
    """The greatest power of two within 4 √count, fewer where lists would be too short to train."""
    return 1 << int(np.log2(max(1.0, min(4 * count**0.5, count / MIN_POINTS_PER_LIST))))


def tune(index: Any, probe: Probe, target: float) -> float:
    """Set the smallest nprobe that reaches the target recall; returns the recall that it has."""
    recall_of: dict[int, float] = {}
    nprobe = 1
    while True:
        index.nprobe = nprobe
        recall_of[nprobe] = probe.recall(index)
        if recall_of[nprobe] >= target:
            return recall_of[nprobe]
        if nprobe == index.nlist:
            break
        nprobe = min(int(index.nlist), max(nprobe + 1, int(nprobe * PROBE_STEP)))
    # rounding to 8 bits alone misses the target: don't pay for every list where fewer find as much
    enough = recall_of[nprobe] - RECALL_SLACK
    index.nprobe = min(lists for lists, recall in recall_of.items() if recall >= enough)
    return recall_of[index.nprobe]
