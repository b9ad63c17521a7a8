"""What lies in which list of a FAISS inverted file, so that a filter can be told how many lists to visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

# FAISS's type stubs know the C++ constructor only, not the Python one that takes an array and keeps it alive
_BITMAP: Any = faiss.IDSelectorBitmap

#: a bitmap over all ids is the quickest filter; above this id it would take more than 32 MiB
MAX_BITMAP_ID = 2**28


@dataclass(frozen=True, slots=True)
class Listing:
    """The ids of every list, one list after the other."""

    #: int64 (n,)
    ids: NDArray[np.int64]
    #: int64 (n,), the list of each
    lists: NDArray[np.int64]
    #: float32 (nlist, dim)
    centroids: NDArray[np.float32]

    def lists_until(self, wanted: float, queries: NDArray[np.float32], allowed: NDArray[np.bool_]) -> int:
        """How many lists hold `wanted` allowed vectors, nearest list first, for the query that needs most of them.

        A filter may leave only lists that lie far from the query: counting what the lists hold finds those too, where
        multiplying nprobe by the filter's selectivity would miss them.
        """
        count = np.bincount(self.lists[allowed], minlength=len(self.centroids))
        order = np.argsort(-(queries @ self.centroids.T), axis=1, kind="stable")
        seen = np.cumsum(count[order], axis=1)
        return int((seen < wanted).sum(axis=1).max()) + 1


def listing_of(index: Any) -> Listing:
    """Of a FAISS IVF index as it is now."""
    lists = index.invlists
    sizes = np.array([lists.list_size(number) for number in range(index.nlist)], np.int64)
    ids = [faiss.rev_swig_ptr(lists.get_ids(number), int(size)).copy() for number, size in enumerate(sizes) if size]
    return Listing(
        np.concatenate(ids) if ids else np.empty(0, np.int64),
        np.repeat(np.arange(index.nlist), sizes),
        index.quantizer.reconstruct_n(0, index.nlist),
    )


def selector_of(ids: NDArray[np.int64]) -> Any:
    """FAISS's filter that lets these ids through, at least one."""
    highest = int(ids.max())
    if highest > MAX_BITMAP_ID:
        return faiss.IDSelectorBatch(ids)
    allowed = np.zeros(highest + 1, np.bool_)
    allowed[ids] = True
    return bitmap_of(allowed)


def bitmap_of(rows: NDArray[np.bool_]) -> Any:
    """FAISS's filter that lets the row numbers through that are True in this mask, bool (n,)."""
    return _BITMAP(np.packbits(rows, bitorder="little"))


def renumbered(lists: Any, new_row: NDArray[np.int64]) -> Any:
    """The same codes under new row numbers, int64 (n,), without those whose new number is -1; owned by nobody yet."""
    kept_lists: Any = faiss.ArrayInvertedLists(lists.nlist, lists.code_size)
    for number in range(lists.nlist):
        size = lists.list_size(number)
        rows = new_row[faiss.rev_swig_ptr(lists.get_ids(number), size)] if size else np.empty(0, np.int64)
        kept = rows >= 0
        if kept.any():
            codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size).reshape(size, -1)[kept]
            ids = rows[kept]
            kept_lists.add_entries(number, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(codes))
    kept_lists.this.disown()
    return kept_lists
