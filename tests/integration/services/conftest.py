"""Databases in a temporary folder, with the encoder whose results can be checked by eye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Database
from emovec_db.domain.sound import SoundLimits
from emovec_db.emotions import LABELS
from tests.conftest import ROOT
from tests.sounds import noise, tone, write


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        yield opened


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two customers: `calm` hums neutral and sad tones, `cross` angry ones; each a little different."""
    sung = {"calm": ("neutral", "neutral", "sad", "neutral"), "cross": ("angry", "angry", "angry", "disgusted")}
    for customer, labels in sung.items():
        folder = tmp_path / "archive" / customer
        folder.mkdir(parents=True)
        for day, label in enumerate(labels, start=1):
            hum = tone(200 * (LABELS.index(label) + 1), 1.0, level=0.4)
            sound = (hum + noise(1.0, rms=0.002, seed=hash((customer, day)) % 1000)).astype(np.float32)
            write(folder / f"2026-05-{day:02d}_{label}.wav", sound)
    return tmp_path / "archive"


@pytest.fixture(scope="session")
def speech() -> list[np.ndarray]:
    folder = ROOT / "samples" / "amara"
    return [decode(path, limits=SoundLimits(10_000_000, 600))[0].waveform for path in sorted(folder.iterdir())[:8]]


@pytest.fixture
def call(tmp_path: Path, speech: list[np.ndarray]) -> Path:
    """10 s of ring tone, eight sentences with 4 s of silence after each."""
    silence = np.zeros(64_000, np.float32)
    parts = [tone(425, 10, level=0.2), *(part for spoken in speech for part in (spoken, silence))]
    return write(tmp_path / "call.wav", np.concatenate(parts))


PATTERN = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.wav"
