"""A call whose every moment is known: clips of speech with pauses, ring tone, hold music and noise between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform

STEP_SAMPLES = 512
#: a step of a clip, recorded in a quiet room, is speech where it lies at most this far below the clip's loud parts
SPEECH_WITHIN_DB = 30.0


@dataclass(frozen=True, slots=True)
class MadeUpCall:
    """The sound and what it is made of."""

    #: float32 (samples,)
    waveform: Waveform
    #: names of what a step may be
    kinds: tuple[str, ...]
    #: per step of 512 samples the place of its kind; -1 where it is neither speech nor certainly none
    truth: NDArray[np.int8]

    def steps(self, kind: str) -> NDArray[np.bool_]:
        """Where this kind is, bool (steps,)."""
        return np.asarray(self.truth == self.kinds.index(kind))


def silence(seconds: float, _seed: int = 0) -> Waveform:
    """Digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)


def noise(seconds: float, seed: int = 0) -> Waveform:
    """Noise of a room, -45 dB, louder towards low frequencies."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE_HZ))
    brown = np.convolve(white, 0.97 ** np.arange(200), mode="same")
    return (brown / brown.std() * 10 ** (-45 / 20)).astype(np.float32)


def ring_tone(seconds: float, seed: int = 0) -> Waveform:
    """425 Hz, 1 s on and 4 s off, as in most of Europe, or 440 and 480 Hz, 2 s on and 4 s off, as in North America."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    if seed % 2:
        return (0.2 * np.sin(2 * np.pi * 425 * times) * (times % 5 < 1)).astype(np.float32)
    both = np.sin(2 * np.pi * 440 * times) + np.sin(2 * np.pi * 480 * times)
    return (0.1 * both * (times % 6 < 2)).astype(np.float32)


def hold_music(seconds: float, seed: int = 0) -> Waveform:
    """A melody over chords, plucked strings with eight harmonics, two notes a second."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ) + SAMPLE_RATE_HZ)
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for place in range(round(seconds * 2)):
        root = (0, 5, 7, 9)[place // 4 % 4]
        for note in (root, root + 4, root + 7, root + 12 + int(rng.choice([0, 2, 4, 7, 9]))):
            hz = 220 * 2 ** (note / 12)
            harmonics = sum(np.sin(2 * np.pi * hz * n * times) / n**1.5 for n in range(1, 9))
            start = place * SAMPLE_RATE_HZ // 2
            sound[start : start + SAMPLE_RATE_HZ] += harmonics * np.exp(-4 * times)
    return (0.15 * sound / np.abs(sound).max()).astype(np.float32)[: round(seconds * SAMPLE_RATE_HZ)]


BETWEEN = {"silence": silence, "room noise": noise, "ring tone": ring_tone, "hold music": hold_music}


def telephone(waveform: Waveform) -> Waveform:
    """300 to 3400 Hz and eight bits of mu-law."""
    spectrum = np.fft.rfft(waveform)
    hz = np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE_HZ)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    narrow = np.clip(np.fft.irfft(spectrum, len(waveform)), -1, 1)
    companded = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    coarse = np.round(companded * 127) / 127
    return (np.sign(coarse) * np.expm1(np.abs(coarse) * np.log(256)) / 255).astype(np.float32)


def made_up_call(clips: Sequence[Waveform], seed: int) -> MadeUpCall:
    """The clips in order, 2 to 12 s of something else between any two."""
    rng = np.random.default_rng(seed)
    kinds = ("speech", *BETWEEN)
    parts: list[Waveform] = []
    truth: list[NDArray[np.int8]] = []
    for number, clip in enumerate(clips):
        whole = clip[: len(clip) // STEP_SAMPLES * STEP_SAMPLES]
        parts.append(telephone(whole))
        truth.append(_speech_steps(whole))
        kind = 1 + number % len(BETWEEN)
        between = BETWEEN[kinds[kind]](round(rng.uniform(2, 12) * 31.25) / 31.25, number)
        between = between[: len(between) // STEP_SAMPLES * STEP_SAMPLES]
        parts.append(between)
        # what follows speech within 0.3 s may still be taken for it
        steps = np.full(len(between) // STEP_SAMPLES, kind, dtype=np.int8)
        steps[:10] = -1
        truth.append(steps)
    return MadeUpCall(np.concatenate(parts), kinds, np.concatenate(truth))


def _speech_steps(clip: Waveform) -> NDArray[np.int8]:
    """0 where a clean clip is loud, -1 elsewhere: breath and pauses are neither."""
    power = np.square(clip.reshape(-1, STEP_SAMPLES)).mean(axis=1) + 1e-12
    loud = np.percentile(power, 95)
    return np.where(power > loud * 10 ** (-SPEECH_WITHIN_DB / 10), 0, -1).astype(np.int8)
