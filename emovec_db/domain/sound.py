"""Decoded sound: what the audio package hands to encoders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: every encoder takes this rate
SAMPLE_RATE_HZ = 16_000

#: float32 (samples,), mono, 16 kHz, within about -1..1
Waveform = NDArray[np.float32]

#: the channel of a recording that mixes all of a file's channels
MIX = "mix"


@dataclass(frozen=True, slots=True)
class SoundLimits:
    """How much one file may hold; enforced while decoding, since small files decode to hours."""

    max_bytes: int
    max_duration_s: float
    #: whether several channels may be mixed; False where a policy wants each party apart
    may_mix: bool = True


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said of a recording's sound without listening to it."""

    duration_s: float
    #: greatest absolute sample, 0..1
    peak: float
    #: share of samples at full scale
    clipping_ratio: float
    #: level of the loud parts over the quiet parts; None where no quiet part was found
    snr_db: float | None
    #: share of 20 ms frames more than 40 dB below the loud parts
    silence_ratio: float
    sample_rate_hz: int
    codec: str
    #: of the file, before mixing
    channels: int
    #: plain codes: short, clipped, near_silent, narrow_band, long, music
    warnings: tuple[str, ...] = ()

    def is_mixed(self, channel: str) -> bool:
        """Whether this channel holds several of the file's."""
        return channel == MIX and self.channels > 1


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording's decoded sound."""

    #: float32 (samples,) at 16 kHz
    waveform: Waveform
    #: of the little-endian float32 bytes of the waveform as it was decoded: the same sound in another file has the same
    pcm_sha256: str
    channel: str
    #: of the sound as it was decoded
    quality: Quality
    #: names of the treatments that the waveform has been through since
    cleaning: tuple[str, ...] = ()

    @property
    def is_mixed(self) -> bool:
        return self.quality.is_mixed(self.channel)

    @property
    def duration_s(self) -> float:
        return len(self.waveform) / SAMPLE_RATE_HZ
