"""A frozen index by FAISS for what exact search is too slow for."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError, QueryError
from emovec_db.index.checks import check_k, checked_mask, checked_vectors
from emovec_db.index.inverted_lists import Occupancy, bitmap_of, kept_codes, occupancy_of, renumbered
from emovec_db.index.protocol import NO_ID, Neighbours
from emovec_db.index.training import filled, trained
from emovec_db.index.tuning import Effort, HeldOut, tuned

# FAISS's type stubs don't know its keyword arguments
_RABITQ: Any = faiss.IVFRaBitQSearchParameters
_PLAIN: Any = faiss.SearchParametersIVF
_SCAN: Any = faiss.SearchParameters

#: of the held-out rows and of k-means: the same vectors give the same index
BUILD_SEED = 1
#: bits of a query's components against RaBitQ's codes: 4 lose no recall against 8 and take 0.8 of the time
QUERY_BITS = 4
#: under a mask, what is near lies in more lists and is more alike: at most so many times as many lists that hold rows
#: that count, until so many times as many such rows were seen, and so many times as many candidates. Measured at
#: 1 M × 1024 under random and correlated masks of 0.1 to 50 %
MASKED_LISTS, MASKED_ROWS, MASKED_CANDIDATES = 3, 2, 4
#: so many lists may be visited under a mask in any case: where nprobe is small, three times as many is too
FEW_LISTS = 24
#: up to this many rows, decoding each of them is quicker than visiting lists for them
FEW_ROWS = 1000
#: queries that are searched together: bounds the memory for their lists
BLOCK = 256

_LISTS_FILE, _CODES_FILE, _BUILD_FILE = "lists.faiss", "codes.faiss", "build.json"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The rows that count: how many, and FAISS's filter by them; None: all."""

    count: int
    selector: Any


class InvertedFile:
    """An inverted file (IVF) of small codes, and of every row a finer code that ranks what they let through.

    `nlist` lists hold the rows nearest to a centroid each. A search visits the `nprobe` nearest lists, takes `factor`
    times as many candidates as are asked for by the small codes, and ranks them by the finer ones. nprobe and factor
    are those that reached the recall target with the least work, on rows that were held out.
    """

    def __init__(self, lists: Any, codes: Any, effort: Effort) -> None:
        self._lists = lists
        self._codes = codes
        self._effort = effort
        self._occupancy: Occupancy | None = None

    @classmethod
    def build(cls, vectors: NDArray[np.float32], *, seed: int = BUILD_SEED, recall_target: float = 0.98) -> Self:
        """From float32 (n, dim) unit vectors, n ≥ 1, in memory or mapped; the same input gives the same index.

        Takes the memory of the index, 16 MB per thousand lists for training, and little of the vectors at a time.
        """
        if vectors.ndim != 2 or not len(vectors):
            raise QueryError(f"got vectors of shape {vectors.shape}; expected at least one to build an index from")
        lists, codes = trained(vectors, seed)
        filled(lists, codes, vectors)
        index = cls(lists, codes, Effort(int(lists.nlist), 1, 1.0))
        held_out = HeldOut.of(vectors, seed)
        index._effort = tuned(index.candidates, index.vectors, int(lists.nlist), held_out, recall_target)
        return index

    @property
    def kind(self) -> str:
        return "ivf"

    @property
    def dim(self) -> int:
        return int(self._lists.d)

    @property
    def size(self) -> int:
        return int(self._lists.ntotal)

    @property
    def exact(self) -> bool:
        return False

    @property
    def recall(self) -> float:
        return self._effort.recall

    @property
    def parameters(self) -> dict[str, int]:
        return {"nlist": int(self._lists.nlist), "nprobe": self._effort.nprobe, "factor": self._effort.factor}

    def search(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        chosen = self._chosen(rows)
        found = Neighbours.none(len(queries), k)
        if not chosen.count:
            return found
        if rows is not None and chosen.count <= FEW_ROWS:
            members = np.flatnonzero(rows)
            for number, query in enumerate(queries):
                self._rank(found, number, query, members)
            return found
        for start in range(0, len(queries), BLOCK):
            block = queries[start : start + BLOCK]
            for number, candidates in enumerate(self._found(block, k, rows, chosen)):
                self._rank(found, start + number, block[number], candidates[candidates != NO_ID])
        short = (found.ids == NO_ID).sum(axis=1) > max(0, k - chosen.count)
        if short.any():
            rest = self._scan(queries[short], k, chosen)
            found.ids[short], found.similarities[short] = rest.ids, rest.similarities
        return found

    def scan(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        queries = checked_vectors(queries, self.dim)
        check_k(k)
        return self._scan(queries, k, self._chosen(rows))

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if not len(rows):
            return np.empty((0, self.dim), np.float32)
        decoded: NDArray[np.float32] = self._codes.reconstruct_batch(rows)
        return decoded

    def without(self, rows: NDArray[np.int64]) -> Self:
        kept = np.delete(np.arange(self.size), rows)
        new_row = np.full(self.size, NO_ID, np.int64)
        new_row[kept] = np.arange(len(kept))
        return type(self)(renumbered(self._lists, new_row), kept_codes(self._codes, kept), self._effort)

    def joined(self, vectors: NDArray[np.float32]) -> Self:
        """The same with more rows behind its own, float32 (m, dim) unit vectors; nothing is trained."""
        if not len(vectors):
            return self
        every = np.arange(self.size)
        lists, codes = renumbered(self._lists, every), kept_codes(self._codes, every)
        filled(lists, codes, vectors)
        return type(self)(lists, codes, self._effort)

    def save(self, folder: Path) -> None:
        faiss.write_index(self._lists, str(folder / _LISTS_FILE))
        faiss.write_index(self._codes, str(folder / _CODES_FILE))
        (folder / _BUILD_FILE).write_text(self._effort.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        lists, codes = _mapped(folder / _LISTS_FILE), _mapped(folder / _CODES_FILE)
        if not isinstance(lists, faiss.IndexIVF) or not isinstance(codes, faiss.IndexFlatCodes):
            kinds = f"{type(lists).__name__} and {type(codes).__name__}"
            raise IndexDamagedError(f"{folder} holds {kinds}; expected IVF and flat codes; run `emovec reindex`")
        if (lists.d, lists.ntotal) != (codes.d, codes.ntotal):
            raise IndexDamagedError(
                f"{folder} holds lists of {lists.ntotal} rows of dim {lists.d} and codes of {codes.ntotal} of dim "
                f"{codes.d}; expected the same; run `emovec reindex`"
            )
        try:
            effort = Effort.from_json((folder / _BUILD_FILE).read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(f"{folder / _BUILD_FILE} is malformed: {error!r}; run `emovec reindex`") from error
        return cls(lists, codes, effort)

    def candidates(self, queries: NDArray[np.float32], k: int, nprobe: int) -> NDArray[np.int64]:
        """The k rows of each query that the small codes find best in the nearest lists, int64 (q, k), best first."""
        similarities, lists = self._lists.quantizer.search(queries, nprobe)
        return self._visit(queries, k, lists, similarities, None)

    def _chosen(self, rows: NDArray[np.bool_] | None) -> _Chosen:
        if rows is None:
            return _Chosen(self.size, None)
        rows = checked_mask(rows, self.size)
        return _Chosen(int(np.count_nonzero(rows)), bitmap_of(rows))

    def _found(
        self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None, chosen: _Chosen
    ) -> NDArray[np.int64]:
        """Candidates of each query, -1 where there are fewer."""
        effort, nlist = self._effort, int(self._lists.nlist)
        nprobe = min(nlist, effort.lists_for(k, self.size / nlist))
        if rows is None:
            return self.candidates(queries, k * effort.factor, nprobe)
        similarities, lists = self._lists.quantizer.search(queries, nlist)
        seen = self.size * nprobe / nlist
        nearest = self._occupied().nearest(
            lists, rows, most=max(FEW_LISTS, MASKED_LISTS * nprobe), wanted=min(chosen.count, MASKED_ROWS * seen)
        )
        taken = np.take_along_axis(lists, np.maximum(nearest, 0), 1)
        taken[nearest < 0] = NO_ID
        similarities = np.take_along_axis(similarities, np.maximum(nearest, 0), 1)
        return self._visit(queries, k * effort.factor * MASKED_CANDIDATES, taken, similarities, chosen.selector)

    def _visit(
        self,
        queries: NDArray[np.float32],
        k: int,
        lists: NDArray[np.int64],
        similarities: NDArray[np.float32],
        selector: Any,
    ) -> NDArray[np.int64]:
        """The best of the rows in these lists, int64 (q, p) with -1 for none, given the lists' own similarities."""
        found, values = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
        lists, similarities = np.ascontiguousarray(lists), np.ascontiguousarray(similarities)
        nprobe = lists.shape[1]
        rabitq = isinstance(self._lists, faiss.IndexIVFRaBitQ)
        params = _RABITQ(nprobe=nprobe, sel=selector, qb=QUERY_BITS) if rabitq else _PLAIN(nprobe=nprobe, sel=selector)
        pointers = [faiss.swig_ptr(array) for array in (lists, similarities, values, found)]
        # the Python wrapper of search_preassigned takes no parameters
        self._lists.search_preassigned_c(len(queries), faiss.swig_ptr(queries), k, *pointers, False, params)
        return found

    def _rank(self, found: Neighbours, number: int, query: NDArray[np.float32], rows: NDArray[np.int64]) -> None:
        """Fill in the answer to one query from its candidates, by the finer codes."""
        # not by BLAS: its threads cost more than this takes, and its sums depend on the rows' places
        similarities = np.einsum("md,d->m", self.vectors(rows), query)
        order = np.lexsort((rows, -similarities))[: found.ids.shape[1]]
        found.ids[number, : len(order)] = rows[order]
        found.similarities[number, : len(order)] = similarities[order]

    def _scan(self, queries: NDArray[np.float32], k: int, chosen: _Chosen) -> Neighbours:
        if not chosen.count or not len(queries):
            return Neighbours.none(len(queries), k)
        similarities, rows = self._codes.search(queries, k, params=_SCAN(sel=chosen.selector))
        similarities[rows == NO_ID] = -np.inf
        order = np.lexsort((rows, -similarities))
        return Neighbours(np.take_along_axis(rows, order, 1), np.take_along_axis(similarities, order, 1))

    def _occupied(self) -> Occupancy:
        # local first: another search may be setting it at the same time, to the same thing
        occupancy = self._occupancy or occupancy_of(self._lists)
        self._occupancy = occupancy
        return occupancy


def _mapped(file: Path) -> Any:
    try:
        # FAISS's other mapping, IO_FLAG_MMAP, makes searches four times slower
        return faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        if not file.exists():  # FAISS says so in no other way
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from error
        raise IndexDamagedError(f"{file} is no FAISS index: {error}; run `emovec reindex`") from error
