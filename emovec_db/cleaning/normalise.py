"""Peak normalisation: every recording as loud as the others at its loudest sample."""

from __future__ import annotations

from typing import Final

import numpy as np

from emovec_db.domain.sound import Waveform

#: -1 dB of full scale
PEAK: Final = 10 ** (-1 / 20)
#: 30 dB: a recording whose loudest sample lies below -31 dB stays below the peak, so that the noise of a nearly silent
#: one does not become loud
MAX_GAIN: Final = 10 ** (30 / 20)


class Normalise:
    """One gain for the whole recording, up or down; silence stays silence."""

    name = made_by = "normalise-1"

    def require(self) -> None:
        """Nothing that is not always here."""

    def treat(self, waveform: Waveform) -> Waveform:
        """See `Treatment.treat`."""
        # without a copy of the waveform's size, as np.abs would make
        peak = max(float(waveform.max(initial=0)), -float(waveform.min(initial=0)))
        gain = min(PEAK / peak, MAX_GAIN) if peak > PEAK / MAX_GAIN else MAX_GAIN
        return np.multiply(waveform, np.float32(gain))
