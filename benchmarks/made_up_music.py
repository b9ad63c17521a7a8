"""Made-up music: notes with overtones, as melodies and chords, by instruments and by voices that waver; and drums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform

_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11, 12)
_Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timbre:
    """How one note sounds."""

    #: the n-th partial has n to the minus this of the first's amplitude
    falloff: float
    rise_s: float
    #: e-foldings per second of what was struck; 0: held until the end
    decay_per_s: float = 0.0
    #: share of the frequency by which a voice wavers, 5.5 times a second
    vibrato: float = 0.0


PIANO: Final = Timbre(1.2, 0.005, decay_per_s=3)
ORGAN: Final = Timbre(0.7, 0.02)
STRINGS: Final = Timbre(1.0, 0.1)
VOICE: Final = Timbre(0.9, 0.06, vibrato=0.012)


def note(hz: float, seconds: float, timbre: Timbre, rng: np.random.Generator) -> _Samples:
    """One note."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wavering = 1 + timbre.vibrato * np.sin(2 * np.pi * 5.5 * times + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(hz * wavering) / SAMPLE_RATE_HZ
    partials = [number for number in range(1, 12) if number * hz < 7_500]
    sound = sum(np.sin(number * phase + rng.uniform(0, 6)) / number**timbre.falloff for number in partials)
    edges = np.minimum(times, seconds - times) / timbre.rise_s
    return np.asarray(sound * np.clip(edges, 0, 1) * np.exp(-timbre.decay_per_s * times))


def melody(timbre: Timbre, seed: int, seconds: float, *, beat_s: float = 0.35, root: int = 60) -> Waveform:
    """Notes of a scale one after the other; `root` counts semitones, 69 is 440 Hz."""
    rng = np.random.default_rng(seed)
    sound, at_s = np.zeros(round(seconds * SAMPLE_RATE_HZ)), 0.0
    while at_s < seconds:
        length_s = beat_s * int(rng.choice([1, 1, 2]))
        _add(sound, note(_hz(root + int(rng.choice(_MAJOR))), length_s, timbre, rng), at_s)
        at_s += length_s
    return _levelled(sound)


def chords(timbre: Timbre, seed: int, seconds: float, *, bar_s: float = 1.6) -> Waveform:
    """Major and minor chords of four notes."""
    rng = np.random.default_rng(seed)
    sound, at_s = np.zeros(round(seconds * SAMPLE_RATE_HZ)), 0.0
    while at_s < seconds:
        root, third = 55 + int(rng.choice([0, 2, 5, 7, 9])), int(rng.choice([3, 4]))
        for step in (0, third, 7, 12):
            _add(sound, note(_hz(root + step), bar_s, timbre, rng), at_s)
        at_s += bar_s
    return _levelled(sound)


def drums(seed: int, seconds: float, *, beats_per_minute: float = 110) -> Waveform:
    """Bass drum, snare and hi-hat."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ))
    times = np.arange(round(0.15 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    half_beat_s = 30 / beats_per_minute
    for number in range(round(seconds / half_beat_s)):
        _add(sound, 0.3 * rng.standard_normal(len(times)) * np.exp(-40 * times), number * half_beat_s)
        if number % 4 == 0:
            _add(
                sound,
                np.sin(2 * np.pi * (50 * times + 1 - np.exp(-30 * times))) * np.exp(-15 * times),
                number * half_beat_s,
            )
        if number % 4 == 2:
            _add(sound, 0.8 * rng.standard_normal(len(times)) * np.exp(-20 * times), number * half_beat_s)
    return _levelled(sound)


def band(seed: int, seconds: float) -> Waveform:
    """Strings, drums, and an organ's melody over them."""
    high = melody(ORGAN, seed + 1000, seconds, root=72)
    return _levelled(chords(STRINGS, seed, seconds) + drums(seed, seconds) + 0.8 * high)


#: by name, what makes so many seconds of it from a seed
MUSIC: Final[dict[str, Callable[[int, float], Waveform]]] = {
    "piano, melody": partial(melody, PIANO),
    "piano, chords": partial(chords, PIANO),
    "organ, melody": partial(melody, ORGAN),
    "strings, chords": partial(chords, STRINGS),
    "band": band,
    "choir": partial(chords, VOICE),
    "singing, one voice": partial(melody, VOICE, beat_s=0.5),
    "drums alone": drums,
}


def _hz(semitones: int) -> float:
    return float(440 * 2 ** ((semitones - 69) / 12))


def _add(sound: _Samples, part: _Samples, at_s: float) -> None:
    start = round(at_s * SAMPLE_RATE_HZ)
    part = part[: max(0, len(sound) - start)]
    sound[start : start + len(part)] += part


def _levelled(sound: Sequence[float] | _Samples | Waveform) -> Waveform:
    """Peak 0.6."""
    samples = np.asarray(sound)
    return (0.6 * samples / np.abs(samples).max()).astype(np.float32)
