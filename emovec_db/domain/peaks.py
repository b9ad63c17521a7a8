"""What a recording's waveform is drawn from: small, and of much the same size for seconds and for hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform

#: as many as a wide screen can show; a recording of 20 s or more has so many
MAX_BINS: Final = 2_000
#: of shorter ones, each 10 ms
BINS_PER_S: Final = 100
#: the level of a sample at full scale
FULL_LEVEL: Final = 255


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """The greatest absolute sample in each of a recording's bins, which share its samples out as evenly as they can."""

    duration_s: float
    #: uint8 (bins,): absolute samples times 255, rounded; those beyond full scale are 255
    levels: NDArray[np.uint8]

    @property
    def values(self) -> NDArray[np.float32]:
        """Float32 (bins,), 0 to 1, each within 1/510 of the peak that it stands for."""
        return self.levels.astype(np.float32) / np.float32(FULL_LEVEL)

    @classmethod
    def of(cls, waveform: Waveform) -> Self:
        """Of a sound, float32 (samples,) at 16 kHz; at least one sample."""
        samples = len(waveform)
        bins = min(MAX_BINS, -(-samples * BINS_PER_S // SAMPLE_RATE_HZ))
        starts = np.arange(bins) * samples // bins
        # without a copy of the whole sound, which may be hours
        greatest = np.maximum(np.maximum.reduceat(waveform, starts), -np.minimum.reduceat(waveform, starts))
        levels = np.rint(np.minimum(greatest, 1) * FULL_LEVEL).astype(np.uint8)
        return cls(samples / SAMPLE_RATE_HZ, levels)
