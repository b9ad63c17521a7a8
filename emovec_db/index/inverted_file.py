"""A frozen index by FAISS for what exact search is too slow for: an inverted file (IVF)."""

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
from emovec_db.index.checks import check_k, checked_mask, checked_vectors
from emovec_db.index.faiss_index import trained, tune
from emovec_db.index.inverted_lists import Listing, bitmap_of, listing_of, renumbered
from emovec_db.index.protocol import NO_ID, Neighbours
from emovec_db.index.recall import Probe

# FAISS's type stubs don't know its keyword arguments
_SEARCH_PARAMETERS: Any = faiss.SearchParametersIVF

#: of the probe and of k-means: the same vectors give the same index
BUILD_SEED = 1

_INDEX_FILE, _BUILD_FILE = "index.faiss", "build.json"


class InvertedFile:
    """`nlist` lists hold the rows nearest to a centroid each; a search visits the `nprobe` nearest lists.

    nprobe is the smallest that reached the recall target when the index was built.
    """

    def __init__(self, index: Any, *, recall: float) -> None:
        self._index = index
        self._recall = recall
        self._listing: Listing | None = None

    @classmethod
    def build(cls, vectors: NDArray[np.float32], *, seed: int = BUILD_SEED, recall_target: float = 0.98) -> Self:
        """From float32 (n, dim) unit vectors, n ≥ 1; the same input gives the same index."""
        if vectors.ndim != 2 or not len(vectors):
            raise QueryError(f"got vectors of shape {vectors.shape}; expected at least one to build an index from")
        vectors = checked_vectors(vectors, vectors.shape[1])
        index = trained(vectors, seed)
        index.add(vectors)
        return cls(index, recall=tune(index, Probe.of(np.arange(len(vectors)), vectors, seed), recall_target))

    @property
    def kind(self) -> str:
        return "ivf"

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
    def parameters(self) -> dict[str, int]:
        return {"nlist": int(self._index.nlist), "nprobe": int(self._index.nprobe)}

    def search(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        nprobe = int(self._index.nprobe)
        if rows is None:
            return self._search(queries, k, nprobe, None, self.size)
        counting = int(np.count_nonzero(checked_mask(rows, self.size)))
        if not counting or not len(queries):
            return Neighbours.none(len(queries), k)
        listing = self._listed()
        # as many rows that count as a search without a mask sees rows: then recall is the same
        wanted = min(counting, self.size * nprobe / self._index.nlist)
        widened = max(nprobe, listing.lists_until(wanted, queries, rows[listing.ids]))
        return self._search(queries, k, widened, bitmap_of(rows), counting)

    def scan(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        selector = None if rows is None else bitmap_of(checked_mask(rows, self.size))
        counting = self.size if rows is None else int(np.count_nonzero(rows))
        return self._search(queries, k, int(self._index.nlist), selector, counting)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        listing = self._listed()
        lists = np.empty(self.size, np.int64)
        lists[listing.ids] = np.arange(self.size)
        starts = np.searchsorted(listing.lists, listing.lists[lists[rows]])
        decoded = np.empty((len(rows), self.dim), np.float32)
        for number, (place, start) in enumerate(zip(lists[rows], starts, strict=True)):
            self._index.reconstruct_from_offset(
                int(listing.lists[place]), int(place - start), faiss.swig_ptr(decoded[number])
            )
        return decoded

    def without(self, rows: NDArray[np.int64]) -> Self:
        kept = np.delete(np.arange(self.size), rows)
        new_row = np.full(self.size, NO_ID, np.int64)
        new_row[kept] = np.arange(len(kept))
        # what was mapped can't be changed in place, not even in a clone
        index: Any = faiss.clone_index(self._index)
        index.replace_invlists(renumbered(self._index.invlists, new_row), True)
        index.ntotal = len(kept)
        return type(self)(index, recall=self._recall)

    def save(self, folder: Path) -> None:
        faiss.write_index(self._index, str(folder / _INDEX_FILE))
        (folder / _BUILD_FILE).write_text(json.dumps({"recall": self._recall}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        file = folder / _INDEX_FILE
        try:
            index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
            recall = float(json.loads((folder / _BUILD_FILE).read_text(encoding="utf-8"))["recall"])
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            if not file.exists():  # FAISS says so in no other way
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from error
            raise IndexDamagedError(f"{folder} holds no FAISS index: {error}; run `emovec reindex`") from error
        if not isinstance(index, faiss.IndexIVF):
            raise IndexDamagedError(f"{folder} holds a {type(index).__name__}; expected IVF; run `emovec reindex`")
        return cls(index, recall=recall)

    def _listed(self) -> Listing:
        # local first: another search may be setting it at the same time, to the same thing
        listing = self._listing or listing_of(self._index)
        self._listing = listing
        return listing

    def _search(self, queries: NDArray[np.float32], k: int, nprobe: int, selector: Any, counting: int) -> Neighbours:
        params = _SEARCH_PARAMETERS(nprobe=nprobe, sel=selector)
        similarities, rows = self._index.search(queries, k, params=params)
        short = (rows == NO_ID).sum(axis=1) > max(0, k - counting)
        if short.any() and nprobe < self._index.nlist:
            return self._search(queries, k, int(self._index.nlist), selector, counting)
        similarities[rows == NO_ID] = -np.inf
        order = np.lexsort((rows, -similarities))
        return Neighbours(np.take_along_axis(rows, order, 1), np.take_along_axis(similarities, order, 1))
