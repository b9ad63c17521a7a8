"""A waveform that grows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform

_BEGIN_SAMPLES: Final = 10 * SAMPLE_RATE_HZ


class Tape:
    """Grows in place: joining chunks at the end would hold hours of sound twice."""

    def __init__(self) -> None:
        self._samples = np.empty(_BEGIN_SAMPLES, np.float32)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, chunk: NDArray[np.float32]) -> None:
        """Take the next samples, float32 (samples,)."""
        end = self._length + len(chunk)
        if end > len(self._samples):
            self._samples.resize(max(end, len(self._samples) * 9 // 8), refcheck=False)
        self._samples[self._length : end] = chunk
        self._length = end

    def finish(self) -> Waveform:
        """All samples; nothing can be appended afterwards."""
        self._samples.resize(self._length, refcheck=False)
        return self._samples
