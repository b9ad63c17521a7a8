"""What lies in which list of a FAISS inverted file, so that a filter can be told how many lists to visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

# FAISS's type stubs know the C++ constructor only, not the Python one that takes an array and keeps it alive
_BITMAP: Any = faiss.IDSelectorBitmap

#: codes that are copied at a time
KEPT_ROWS = 65_536


def bitmap_of(rows: NDArray[np.bool_]) -> Any:
    """FAISS's filter that lets the row numbers through that are True in this mask, bool (n,)."""
    return _BITMAP(np.packbits(rows, bitorder="little"))


#: rows of each list that stand for all of it, where counting every row that counts would take longer than the search
SAMPLED_ROWS = 64
#: up to this share, rows that count are counted one by one: of fewer, a sample would miss whole lists
COUNTED_SHARE = 1 / 16


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Which rows lie in which list, so that a mask can be told which lists are worth a visit."""

    #: int32 (n,), the list of each row
    lists: NDArray[np.int32]
    #: int64 (nlist,), rows in each list
    sizes: NDArray[np.int64]
    #: int64 (nlist, SAMPLED_ROWS), evenly spread rows of each list, any row where it is empty
    sample: NDArray[np.int64]

    def nearest(self, order: NDArray[np.int64], rows: NDArray[np.bool_], most: int, wanted: float) -> NDArray[np.int64]:
        """Places in `order` of lists that hold rows that count, int64 (q, p), padded by -1.

        `order`, int64 (q, nlist), has each query's lists, nearest first. Taken are the nearest until they hold `wanted`
        rows that count, and `most` at most. A mask may leave only lists that lie far from the query: skipping what is
        empty finds those too, where more lists in proportion to the mask would miss them.
        """
        held = self.held(rows)[order]
        before = np.cumsum(held, axis=1) - held
        is_held = held > 0
        taken = is_held & (before < wanted) & (np.cumsum(is_held, axis=1) <= most)
        places = np.full((len(order), max(1, int(taken.sum(axis=1).max(initial=0)))), -1, np.int64)
        query, place = np.nonzero(taken)
        starts = np.searchsorted(query, np.arange(len(order)))
        places[query, np.arange(len(query)) - starts[query]] = place
        return places

    def held(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """About how many rows that count each list holds, (nlist,)."""
        if np.count_nonzero(rows) > COUNTED_SHARE * len(rows):
            return np.asarray(rows[self.sample].sum(axis=1) * (self.sizes / SAMPLED_ROWS))
        return np.bincount(self.lists[np.flatnonzero(rows)], minlength=len(self.sizes)).astype(np.float64)


def occupancy_of(index: Any) -> Occupancy:
    """Of a FAISS IVF index over row numbers, which has any."""
    lists = np.empty(index.ntotal, np.int32)
    sizes = np.array([index.invlists.list_size(number) for number in range(index.nlist)], np.int64)
    sample = np.zeros((index.nlist, SAMPLED_ROWS), np.int64)
    for number in np.flatnonzero(sizes).tolist():
        held = faiss.rev_swig_ptr(index.invlists.get_ids(number), int(sizes[number]))
        lists[held] = number
        sample[number] = held[np.arange(SAMPLED_ROWS) * len(held) // SAMPLED_ROWS]
    return Occupancy(lists, sizes, sample)


def renumbered(index: Any, new_row: NDArray[np.int64]) -> Any:
    """The same FAISS IVF index under new row numbers, int64 (n,), without the rows whose new number is -1."""
    lists = index.invlists
    kept_lists: Any = faiss.ArrayInvertedLists(lists.nlist, lists.code_size)
    for number in range(lists.nlist):
        size = lists.list_size(number)
        rows = new_row[faiss.rev_swig_ptr(lists.get_ids(number), size)] if size else np.empty(0, np.int64)
        kept = rows >= 0
        if kept.any():
            codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size).reshape(size, -1)[kept]
            ids = rows[kept]
            kept_lists.add_entries(number, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(codes))
    # what was mapped can't be changed in place, not even in a clone
    renumbered_index: Any = faiss.clone_index(index)
    renumbered_index.replace_invlists(kept_lists, True)
    kept_lists.this.disown()
    renumbered_index.ntotal = int((new_row >= 0).sum())
    return renumbered_index


def kept_codes(codes: Any, rows: NDArray[np.int64]) -> Any:
    """A FAISS index of these rows' codes only, int64 (m,)."""
    size = codes.code_size
    all_codes = faiss.rev_swig_ptr(codes.codes.data(), codes.ntotal * size).reshape(-1, size) if codes.ntotal else None
    kept: Any = faiss.IndexScalarQuantizer(codes.d, codes.sq.qtype, codes.metric_type)
    kept.sq = codes.sq
    kept.is_trained = True
    for start in range(0, len(rows), KEPT_ROWS):
        assert all_codes is not None
        kept.add_sa_codes(np.ascontiguousarray(all_codes[rows[start : start + KEPT_ROWS]]))
    return kept
