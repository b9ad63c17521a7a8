"""What can be said of a recording's sound without listening to it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio import music
from emovec_db.audio.listening import Origin
from emovec_db.audio.metering import Levels
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Quality, Waveform

FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 50
#: the loud parts are the 95th percentile of the frames' power, the quiet parts the 10th
LOUD_PERCENTILE: Final = 95
QUIET_PERCENTILE: Final = 10
#: a frame that lies this far below the loud parts is silence
SILENCE_DB: Final = 40.0
#: frames count as no quieter than 16-bit rounding noise, -98 dB: digital silence has no level of its own
FLOOR_POWER: Final = 2.0**-30 / 12

SHORT_S: Final = 1.0
LONG_S: Final = 30.0
CLIPPED_RATIO: Final = 0.001
NEAR_SILENT_DB: Final = -45.0
#: Power density at 4.5-7 kHz against 0.3-3.4 kHz. Speech at 16 kHz and above measured -45 dB (close, dull microphone)
#: to -9 dB; the same speech passed through 8 kHz and 16 bits -42 (very quiet) to -88, mostly under -56.
NARROW_BAND_DB: Final = -50.0

#: each warning in plain words, with what to do
WARNING_TEXTS: Final[dict[str, str]] = {
    "short": "Shorter than 1 s: there is little to hear an emotion in. Use a longer recording if there is one.",
    "clipped": "Clipped: parts were too loud and are cut off at full scale. Record at a lower level.",
    "near_silent": "Nearly silent: even its loud parts are faint. Record closer to the speaker or at a higher level.",
    "narrow_band": "Narrow band, as on the telephone: nothing above 4 kHz is heard, where part of the emotion lies. "
    "Use the original recording if this is a copy of lower quality.",
    "long": "Longer than 30 s: it is cut into utterances, and its label sums up moods that may differ. "
    "Look at the utterances one by one.",
    "music": "Music or singing, or a steady tone: the encoders were made for speech, and what they say of music means "
    "little. Take it out, or give the channel that holds the voice.",
}


def measure(waveform: Waveform, levels: Levels, origin: Origin) -> Quality:
    """Measure one channel; the waveform holds at least 0.2 s.

    Power is that of 20 ms frames without their mean. SNR = (loud - quiet) / quiet in dB, at most 98 dB under the loud
    parts; None where the loud parts lie less than 3 dB above the quiet ones (a steady sound, no pause in it).
    """
    power = _frame_power(waveform)
    quiet, loud = (float(level) for level in np.percentile(power, [QUIET_PERCENTILE, LOUD_PERCENTILE]))
    duration_s = len(waveform) / SAMPLE_RATE_HZ
    flags = {
        "short": duration_s < SHORT_S,
        "clipped": levels.clipping_ratio > CLIPPED_RATIO,
        "near_silent": _db(loud) < NEAR_SILENT_DB,
        "narrow_band": origin.sample_rate_hz < SAMPLE_RATE_HZ or _treble_db(waveform) < NARROW_BAND_DB,
        "long": duration_s > LONG_S,
        "music": duration_s >= music.MIN_DURATION_S
        and music.activation(waveform, loud * 10 ** (-SILENCE_DB / 10)) > music.THRESHOLD,
    }
    return Quality(
        duration_s=duration_s,
        peak=min(1.0, levels.peak),
        clipping_ratio=levels.clipping_ratio,
        snr_db=_db(loud / quiet - 1) if loud >= 2 * quiet else None,
        silence_ratio=float(np.mean(power < loud * 10 ** (-SILENCE_DB / 10))),
        sample_rate_hz=origin.sample_rate_hz,
        codec=origin.codec,
        channels=origin.channels,
        warnings=tuple(code for code, is_set in flags.items() if is_set),
    )


def _db(power: float) -> float:
    return float(10 * np.log10(power))


def _frames(waveform: Waveform, samples: int) -> NDArray[np.float32]:
    """Whole frames only, float32 (frames, samples), a view."""
    count = len(waveform) // samples
    return waveform[: count * samples].reshape(count, samples)


def _frame_power(waveform: Waveform) -> NDArray[np.float64]:
    """Variance of each 20 ms frame, float64 (frames,), at least FLOOR_POWER."""
    frames = _frames(waveform, FRAME_SAMPLES)
    squares = np.einsum("ij,ij->i", frames, frames).astype(np.float64) / FRAME_SAMPLES
    means = frames.mean(axis=1, dtype=np.float64)
    return np.asarray(np.maximum(squares - means**2, FLOOR_POWER))


def _treble_db(waveform: Waveform) -> float:
    """Power density at 4.5-7 kHz against 0.3-3.4 kHz, from at most 500 frames of 32 ms spread over the waveform."""
    frames = _frames(waveform, 512)
    frames = frames[:: max(1, len(frames) // 250)] * np.hanning(512).astype(np.float32)
    density = np.square(np.abs(np.fft.rfft(frames, axis=1))).mean(axis=0)
    hz = np.fft.rfftfreq(512, 1 / SAMPLE_RATE_HZ)
    treble = density[(hz > 4500) & (hz < 7000)].mean()
    speech = density[(hz > 300) & (hz < 3400)].mean()
    return _db(float(treble) / max(float(speech), 1e-20) + 1e-20)
