"""Noise reduction on real speech with made-up noise."""

from __future__ import annotations

import numpy as np
import pytest
from noisereduce import reduce_noise

from emovec_db.audio.decode import decode
from emovec_db.cleaning import denoise
from emovec_db.cleaning.denoise import Denoise
from emovec_db.cleaning.registry import cleaning_named, newest_cleaning
from emovec_db.domain.sound import SoundLimits, Waveform
from emovec_db.errors import MissingPartError
from tests.conftest import ROOT
from tests.sounds import noise

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=600)


@pytest.fixture(scope="module")
def voices() -> list[Waveform]:
    files = sorted((ROOT / "samples").glob("*/2026*"))[::4]
    return [decode(file, limits=LIMITS)[0].waveform for file in files]


def noisy(voice: Waveform, snr_db: float, seed: int) -> Waveform:
    hiss = noise(len(voice) / 16_000, rms=1.0, seed=seed)[: len(voice)]
    return voice + hiss * np.float32(np.sqrt(np.mean(voice**2)) * 10 ** (-snr_db / 20))


def snr_db(voice: Waveform, heard: Waveform) -> float:
    return float(10 * np.log10(np.sum(voice.astype(float) ** 2) / np.sum((heard - voice).astype(float) ** 2)))


def test_a_voice_in_loud_noise_gains(voices: list[Waveform]) -> None:
    gains = [snr_db(voice, Denoise().treat(noisy(voice, 0, seed))) for seed, voice in enumerate(voices)]
    assert len(gains) > 3
    assert min(gains) > 1
    assert np.mean(gains) > 2


def test_noise_alone_is_turned_down_by_8_db_at_most() -> None:
    hiss = noise(20.0)
    change_db = 10 * np.log10(np.mean(Denoise().treat(hiss) ** 2) / np.mean(hiss**2))
    assert -8 < change_db < -1


def test_up_to_half_a_minute_it_is_the_librarys_work(voices: list[Waveform]) -> None:
    sound = noisy(np.concatenate(voices)[: 30 * 16_000], 5, seed=3)
    quiet = denoise._quiet_parts(sound)
    assert len(quiet) == pytest.approx(len(sound) / 10, abs=2048)
    assert np.mean(quiet**2) < np.mean(sound**2)
    oracle = reduce_noise(
        y=sound, sr=16_000, stationary=True, y_noise=quiet, n_std_thresh_stationary=0, prop_decrease=0.6,
        chunk_size=None, padding=2048,
    )  # fmt: skip
    np.testing.assert_array_equal(Denoise().treat(sound), oracle)


def test_under_a_second_nothing_is_done() -> None:
    sound = noise(0.99)
    np.testing.assert_array_equal(Denoise().treat(sound), sound)


def test_the_release_of_the_library_is_told() -> None:
    assert Denoise().made_by.startswith("denoise-1/noisereduce-3.")


def test_without_the_library_no_collection_is_made_or_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoise, "find_spec", lambda _name: None)
    for ask in (lambda: newest_cleaning(["denoise"]), lambda: cleaning_named(["denoise-1"])):
        with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[cleaning\]'"):
            ask()
    assert newest_cleaning(["high-pass"]) == ("high-pass-1",)
