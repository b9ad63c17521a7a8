"""The warning `music`: how often it comes on speech, where it is wrong, and on made-up music, where it is right.

python -m benchmarks.music
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
import soxr

from benchmarks.clips import gather, waveforms
from benchmarks.made_up_music import MUSIC
from benchmarks.report import Report, arguments, figure, table
from emovec_db.audio.decode import decode, from_samples
from emovec_db.audio.music import MIN_DURATION_S, activation
from emovec_db.domain.sound import SAMPLE_RATE_HZ, SoundLimits, Waveform

LIMITS = SoundLimits(max_bytes=1_000_000_000, max_duration_s=3600)
#: as many as there are in ../shared/data/speech
CLIPS = 4603
SECONDS = 10.0

Spoil = Callable[[Waveform, int], Waveform]


def telephone(sound: Waveform, _seed: int) -> Waveform:
    """8 kHz and 8 bits."""
    narrow = soxr.resample(sound, SAMPLE_RATE_HZ, 8_000, "HQ")
    coarse = np.round(np.clip(narrow, -1, 1) * 127) / 127
    return np.asarray(soxr.resample(coarse, 8_000, SAMPLE_RATE_HZ, "HQ"), np.float32)


def noisy(sound: Waveform, seed: int) -> Waveform:
    """White noise 20 dB under it."""
    noise = np.random.default_rng(seed).standard_normal(len(sound)) * 0.1 * np.sqrt(np.mean(sound**2))
    return np.asarray(sound + noise, np.float32)


def beside(speech: Sequence[Waveform]) -> Spoil:
    """Speech of the same power over it."""

    def mixed(sound: Waveform, seed: int) -> Waveform:
        voice = np.resize(speech[seed % len(speech)], len(sound))
        return np.asarray((sound + voice * np.sqrt(np.mean(sound**2) / np.mean(voice**2))) / 2, np.float32)

    return mixed


def warned(sound: Waveform) -> bool:
    """Whether the warning comes."""
    return "music" in from_samples(sound, SAMPLE_RATE_HZ).quality.warnings


def on_speech(paths: Sequence[Path]) -> list[list[object]]:
    """A row of recordings long enough to tell, and how many are warned of; one of what telling takes."""
    sounds = [decode(path, limits=LIMITS)[0] for path in paths]
    long_enough = [sound for sound in sounds if sound.duration_s >= MIN_DURATION_S]
    false = sum("music" in sound.quality.warnings for sound in long_enough)
    return [[len(sounds), len(long_enough), false, f"{false / max(1, len(long_enough)):.2%}"]]


def on_music(spoils: dict[str, Spoil], count: int) -> list[list[object]]:
    """A row per kind of music: the share that is warned of, by what was done to it."""
    return [
        [
            kind,
            *(
                f"{np.mean([warned(spoil(make(seed, SECONDS), seed)) for seed in range(count)]):.0%}"
                for spoil in spoils.values()
            ),
        ]
        for kind, make in MUSIC.items()
    ]


def cost_ms(sound: Waveform) -> float:
    """CPU milliseconds for a second of sound."""
    began_s = process_time()
    for _ in range(20):
        activation(sound, 1e-9)
    return (process_time() - began_s) / 20 * 1000 / (len(sound) / SAMPLE_RATE_HZ)


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"clips of speech (default {CLIPS})")
    parser.add_argument("--pieces", type=int, default=50, help="pieces of each kind of music (default 50)")
    asked = parser.parse_args()
    clips, pieces = (3, 1) if asked.smoke else (asked.clips, asked.pieces)
    report = Report("music", asked.out)
    folder, what = gather(asked.out, clips)
    paths = sorted(folder.iterdir())
    speech = on_speech(paths)
    voices = waveforms(paths[:20], SECONDS, 10)
    spoils: dict[str, Spoil] = {
        "as it is": lambda sound, _seed: sound,
        "by telephone": telephone,
        "noise 20 dB under it": noisy,
        "speech as loud over it": beside(voices),
    }
    music = on_music(spoils, pieces)
    report.publish(
        [
            f"Speech, {what}:",
            table(["clips", f"of {MIN_DURATION_S:g} s or more", "warned of, wrongly", "share"], speech),
            f"Made-up music, {pieces} pieces of {SECONDS:g} s of each kind; the share that is warned of:",
            table(["music", *spoils], music),
            f"Telling takes {figure(cost_ms(voices[0]))} CPU ms per second of sound, up to a minute of it.",
        ],
        {"speech": speech, "music": music},
    )


if __name__ == "__main__":
    main()
