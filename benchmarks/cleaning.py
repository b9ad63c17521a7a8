"""Whether cleaning helps: what compact hears, and where recordings are cut, with each treatment and without.

python -m benchmarks.cleaning
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import LIMITS, SPEECH, babble
from benchmarks.made_up_call import STEP_SAMPLES, MadeUpCall, made_up_call
from benchmarks.music import telephone
from benchmarks.report import Report, arguments, figure, table
from emovec_db.audio.decode import decode
from emovec_db.cleaning.registry import NO_CLEANING, Cleaning, cleaning_named, newest_cleaning
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.emotions import LABELS
from emovec_db.encoder.protocol import Encoder
from emovec_db.encoder.registry import load_encoder
from emovec_db.errors import NoSpeechError
from emovec_db.speech.pauses import Pauses

#: Demucs is not among them: its weights could not be had
CLEANINGS: dict[str, tuple[str, ...]] = {
    "none": (),
    "high-pass": ("high-pass",),
    "denoise": ("denoise",),
    "normalise": ("normalise",),
    "all three": ("high-pass", "denoise", "normalise"),
}

Spoil = Callable[[Waveform, int], Waveform]


@dataclass(frozen=True, slots=True)
class Clips:
    """Waveforms, what is heard in them by those who made them (places in LABELS), and what they are."""

    waveforms: list[Waveform]
    labels: NDArray[np.int64]
    what: str


def labelled(count: int) -> Clips:
    """Clips taken evenly from the whole list; made-up ones, all of one label, where there is no list."""
    if not SPEECH.is_dir():
        return Clips([babble(1.5, seed) for seed in range(count)], np.zeros(count, np.int64), "generated clips")
    with (SPEECH / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in LABELS]
    rows = [rows[place] for place in np.linspace(0, len(rows) - 1, count).astype(int)]
    waveforms = [decode(SPEECH / row["path"], limits=LIMITS)[0].waveform for row in rows]
    labels = np.array([LABELS.index(row["label"]) for row in rows])
    return Clips(waveforms, labels, "real clips (RAVDESS, nEMO)")


def beside(voice: Waveform, other: NDArray[np.float64], snr_db: float) -> Waveform:
    """The voice with something else so far below its power."""
    level = np.sqrt(np.mean(voice.astype(float) ** 2) / np.mean(other**2)) * 10 ** (-snr_db / 20)
    return np.asarray(voice + other * level, np.float32)


def hiss(snr_db: float) -> Spoil:
    """White noise."""
    return lambda voice, seed: beside(voice, np.random.default_rng(seed).standard_normal(len(voice)), snr_db)


def hum(voice: Waveform, _seed: int) -> Waveform:
    """The mains, 50 Hz and a little of its harmonics, as loud as the voice."""
    times = np.arange(len(voice)) / SAMPLE_RATE_HZ
    return beside(voice, sum(np.sin(2 * np.pi * 50 * k * times) / k**3 for k in (1, 2, 3)), 0)


SPOILS: dict[str, Spoil] = {
    "as recorded": lambda voice, _seed: voice,
    "telephone": telephone,
    "hum 0 dB": hum,
    "hiss 20 dB": hiss(20),
    "hiss 10 dB": hiss(10),
    "hiss 0 dB": hiss(0),
    "-30 dB": lambda voice, _seed: voice * np.float32(10**-1.5),
}


def accuracy(encoder: Encoder, waveforms: Sequence[Waveform], labels: NDArray[np.int64]) -> float:
    """Unweighted: the mean over the labels of the share of their clips that is heard right."""
    heard = np.array([int(np.argmax(encoding.scores)) for encoding in encoder.encode(waveforms)])
    return float(np.mean([np.mean(heard[labels == label] == label) for label in np.unique(labels)]))


def accuracy_rows(encoder: Encoder, clips: Clips) -> list[list[str]]:
    """A row per cleaning: its accuracy on every kind of recording."""
    spoilt = {
        name: [spoil(voice, seed) for seed, voice in enumerate(clips.waveforms)] for name, spoil in SPOILS.items()
    }
    rows = []
    for name, cleaning in cleanings():
        cleaned = ([cleaning.clean(voice) for voice in voices] for voices in spoilt.values())
        rows.append([name, *(f"{accuracy(encoder, voices, clips.labels):.1%}" for voices in cleaned)])
    return rows


def cut_rows(call: MadeUpCall) -> list[list[str]]:
    """A row per cleaning: the share of each kind of sound that ends up in utterances, and what a second costs."""
    rows = []
    for name, cleaning in cleanings():
        cleaning.clean(call.waveform[:SAMPLE_RATE_HZ])  # what is loaded on first use
        began_s = process_time()
        waveform = cleaning.clean(call.waveform)
        cost_ms = 1000 * (process_time() - began_s) / (len(waveform) / SAMPLE_RATE_HZ)
        taken = in_utterances(waveform, len(call.truth))
        shares = (f"{taken[call.steps(kind)].mean():.1%}" for kind in call.kinds)
        rows.append([name, *shares, figure(cost_ms)])
    return rows


def in_utterances(waveform: Waveform, steps: int) -> NDArray[np.bool_]:
    """Which steps of a recording are cut into utterances, bool (steps,)."""
    taken = np.zeros(steps, bool)
    try:
        segments = Pauses().cut(waveform).segments
    except NoSpeechError:  # of generated clips
        return taken
    for part in segments:
        begin, end = (round(moment * SAMPLE_RATE_HZ) // STEP_SAMPLES for moment in (part.start_s, part.end_s))
        taken[begin:end] = True
    return taken


def cleanings() -> list[tuple[str, Cleaning]]:
    """Those that are compared."""
    return [
        (name, cleaning_named(newest_cleaning(kinds)) if kinds else NO_CLEANING) for name, kinds in CLEANINGS.items()
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=500, help="clips of speech (default 500)")
    asked = parser.parse_args()
    count, in_call = (6, 6) if asked.smoke else (asked.clips, 60)
    report = Report("cleaning", asked.out)
    clips = labelled(count)
    heard = accuracy_rows(load_encoder("compact", models_dir=Path(asked.out)), clips)
    call = made_up_call(clips.waveforms[:: max(1, count // in_call)], seed=0)
    cuts = cut_rows(call)
    report.publish(
        [
            f"Unweighted accuracy of compact over {count} {clips.what}:",
            table(["cleaning", *SPOILS], heard),
            f"A made-up call of {len(call.waveform) // SAMPLE_RATE_HZ} s; the share that ends up in utterances:",
            table(["cleaning", *call.kinds, "CPU ms per s"], cuts),
        ],
        {"accuracy": heard, "cuts": cuts},
    )


if __name__ == "__main__":
    main()
