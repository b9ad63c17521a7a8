"""Packs side by side on a CPU, so that its cores need not meet after every operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import torch

from emovec_db.domain.encoding import Encoding
from emovec_db.encoder.emotion2vec.packing import Pack

#: just below the 32 MB from which glibc learns nothing
LEARNT_BYTES: Final = 31 * 2**20


def keep_freed_memory() -> None:
    """Have malloc keep what a pack frees for the next one, up to 62 MB a thread.

    Else it goes back to the kernel, and comes again as thousands of page faults a second. glibc keeps twice the largest
    block below 32 MB that was ever freed; other allocators take no notice.
    """
    torch.empty(LEARNT_BYTES, dtype=torch.uint8)


def side_by_side(encode: Callable[[Pack], list[Encoding]], packs: Sequence[Pack]) -> Iterator[list[Encoding]]:
    """`encode` of each pack, in order. torch's threads are shared out: one pack has all, many packs one each.

    Several packs never run in the caller's thread, so that what it keeps of their results lies in no block that the
    next pack could use again: over three hours of sound such holes cost a gigabyte.
    """
    threads = torch.get_num_threads()
    lanes = min(threads, len(packs))
    if len(packs) < 2:
        yield from map(encode, packs)
        return
    try:
        with ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(threads // lanes,)) as pool:
            yield from pool.map(encode, packs)
    finally:  # a lane's count is its own, but torch also gives the last one set to every thread that it meets later
        torch.set_num_threads(threads)
