"""Recordings to measure with: real ones where they lie beside the project, else generated ones."""

from __future__ import annotations

import csv
import shutil
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.made_up_call import made_up_call
from benchmarks.report import ROOT
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SAMPLE_RATE_HZ, SoundLimits, Waveform

SPEECH = ROOT.parent / "shared" / "data" / "speech"
LIMITS = SoundLimits(max_bytes=100_000_000, max_duration_s=3600)


def gather(folder: Path, count: int) -> tuple[Path, str]:
    """A folder of `count` recordings below `folder`, made unless it is there, and what they are."""
    real = _spread(count) if SPEECH.is_dir() else []
    what = "real clips (RAVDESS, nEMO; Opus, 16 kHz)" if real else "generated clips (noise in syllables; WAV, 16 kHz)"
    place = folder / f"clips-{'real' if real else 'generated'}-{count}"
    if not place.is_dir():
        draft = _draft(place)
        for number, path in enumerate(real):
            shutil.copyfile(path, draft / f"{number:05}{path.suffix}")
        for number in range(0 if real else count):
            _write(draft / f"{number:05}.wav", babble(3.5, number))
        draft.rename(place)
    return place, what


def gather_calls(folder: Path, count: int) -> Path:
    """A folder of `count` made-up calls of about 4 minutes, 8 kHz WAV, made unless it is there."""
    place = folder / f"calls-{count}"
    if not place.is_dir():
        spoken, _ = gather(folder, 24 * count)
        draft = _draft(place)
        paths = sorted(spoken.iterdir())
        for number in range(count):
            clips = [decode(path, limits=LIMITS)[0].waveform for path in paths[number::count]]
            _write(draft / f"{number:05}.wav", made_up_call(clips, number).waveform[::2], 8_000)
        draft.rename(place)
    return place


def generate(folder: Path, count: int) -> Path:
    """A folder of `count` recordings of 1 s, each another one, a thousand to a folder; made unless it is there."""
    place = folder / f"generated-{count}"
    if not place.is_dir():
        draft = _draft(place)
        for number in range(count):
            below = draft / f"{number // 1000:04}"
            below.mkdir(exist_ok=True)
            _write(below / f"{number:07}.wav", babble(1.0, number))
        draft.rename(place)
    return place


def waveforms(paths: Sequence[Path], seconds: float, count: int) -> list[Waveform]:
    """`count` pieces of this length, cut from the recordings joined end to end, from the start again if need be."""
    samples = round(seconds * SAMPLE_RATE_HZ)
    joined = np.concatenate([decode(path, limits=LIMITS)[0].waveform for path in paths])
    return list(np.resize(joined, (count, samples)))


def babble(seconds: float, seed: int) -> Waveform:
    """Noise that rises and falls four times a second, as syllables do; float32 (samples,)."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    loudness = 0.15 * (0.55 - 0.45 * np.cos(8 * np.pi * times))
    sound = np.random.default_rng(seed).standard_normal(len(times)) * loudness
    return np.clip(sound, -0.9, 0.9).astype(np.float32)


def _spread(count: int) -> list[Path]:
    """Paths taken evenly from the whole list, so that corpora, speakers and emotions mix."""
    with (SPEECH / "labels.csv").open(encoding="utf-8", newline="") as file:
        paths = [SPEECH / row["path"] for row in csv.DictReader(file)]
    places = np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)
    return [paths[place] for place in places]


def _draft(place: Path) -> Path:
    """An empty folder beside it, to be renamed once it is full."""
    draft = place.with_name(f"{place.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    return draft


def _write(path: Path, sound: Waveform, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
