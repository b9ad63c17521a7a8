"""A high-pass at 100 Hz: hum, rumble, steps and wind lie below, voices hardly do."""

from __future__ import annotations

from typing import Final

import numpy as np

from emovec_db.cleaning.blocks import in_blocks
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform

CUTOFF_HZ: Final = 100
#: of the Butterworth filter, which runs once in each direction: -6 dB at 100 Hz, -48 dB at 50 Hz
ORDER: Final = 4
#: the odd mirror image that the filter settles in at either end: 0.1 s, ten periods of the cutoff
SETTLING_SAMPLES: Final = 1600
#: the filter's answer to a click is 240 dB under it after 0.1 s, so a second of context is as good as all of it
BLOCK_S: Final = 60
CONTEXT_S: Final = 1


class HighPass:
    """Butterworth, forwards and backwards: nothing is delayed, so that times and onsets stay."""

    name = made_by = "high-pass-1"

    def require(self) -> None:
        """Nothing that is not always here."""

    def treat(self, waveform: Waveform) -> Waveform:
        """See `Treatment.treat`."""
        return in_blocks(waveform, _filtered, block_s=BLOCK_S, context_s=CONTEXT_S)


def _filtered(waveform: Waveform) -> Waveform:
    from scipy.signal import butter, sosfiltfilt

    sections = butter(ORDER, CUTOFF_HZ, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    settling = min(SETTLING_SAMPLES, len(waveform) - 1)
    return np.asarray(sosfiltfilt(sections, waveform, padlen=settling), np.float32)
