"""Peak and clipping of a channel, measured on its original samples as they pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud a channel's original samples were."""

    #: greatest absolute sample
    peak: float
    #: share of clipped samples, 0..1; of a mix, over all its channels
    clipping_ratio: float


class Meter:
    """Adds up one asked channel's peak and clipped samples, whatever blocks they come in.

    A sample is clipped if it stands at full scale beside another of its channel that does: a wave that merely touches
    full scale does so for one sample, a cut one stays there.
    """

    def __init__(self) -> None:
        #: greatest absolute sample; NaN or infinite if any is
        self.peak = 0.0
        self._samples = 0
        self._clipped = 0
        #: bool (2, channels): whether the last two samples stood at full scale
        self._before: NDArray[np.bool_] | None = None

    @property
    def levels(self) -> Levels:
        """What was measured so far."""
        return Levels(self.peak, self._clipped / self._samples if self._samples else 0.0)

    def add(self, samples: NDArray[np.float32], sources: NDArray[np.float32], full_scale: float) -> None:
        """Take the channel's samples, float32 (samples,), and those that it mixes, float32 (samples, channels)."""
        low, high = float(samples.min()), float(samples.max())
        # max() of Python would lose a NaN that comes second
        self.peak = float(np.max([self.peak, -low, high]))
        self._samples += sources.size
        self._count_clipped(sources, full_scale)

    def _count_clipped(self, sources: NDArray[np.float32], full_scale: float) -> None:
        channels = sources.shape[1]
        before = self._before
        if before is None or before.shape[1] != channels:
            before = np.zeros((2, channels), np.bool_)
        loud = max(float(sources.max()), -float(sources.min())) >= full_scale
        if not loud and not before.any():
            self._before = before
            return
        at = np.concatenate([before, np.abs(sources) >= full_scale])
        pairs = at[1:-1] & at[2:]
        begins = pairs & ~at[:-2]
        self._clipped += int(pairs.sum()) + int(begins.sum())
        self._before = at[-2:]
