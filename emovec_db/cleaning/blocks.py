"""Long waveforms, treated a piece at a time, so that memory does not grow with their length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform


def in_blocks(waveform: Waveform, treat: Callable[[Waveform], Waveform], *, block_s: int, context_s: int) -> Waveform:
    """The waveform with every block treated together with what lies around it, of which nothing is kept.

    `treat` gets at most block and twice the context, and gives as many samples as it got. Up to one block it gets all.
    """
    block, context = block_s * SAMPLE_RATE_HZ, context_s * SAMPLE_RATE_HZ
    treated = np.empty(len(waveform), np.float32)
    for start in range(0, len(waveform), block):
        begin = max(0, start - context)
        done = treat(waveform[begin : start + block + context])
        treated[start : start + block] = done[start - begin :][:block]
    return treated
