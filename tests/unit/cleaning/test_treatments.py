"""What each treatment does to sound, against oracles, and what holds for all of them at any length."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from emovec_db.cleaning.high_pass import HighPass
from emovec_db.cleaning.normalise import Normalise
from emovec_db.cleaning.protocol import Treatment
from emovec_db.cleaning.registry import NEWEST
from emovec_db.cleaning.separate import Separate
from emovec_db.domain.sound import Waveform
from tests.sounds import babble, noise, tone

#: the shortest that any encoder takes
SHORTEST = 400
#: all, with half of everything for Demucs
HERE: dict[str, Treatment] = {**NEWEST, "separate": Separate(lambda: lambda song: song / 2)}
#: of one sound, some samples after each treatment
ALWAYS: dict[str, list[float]] = {
    "separate": [0.000242, -0.025657, 0.092123, 0.007978],
    "high-pass": [0.0, 0.085166, 0.058648, 0.0],
    "denoise": [-0.006816, 0.001892, 0.117314, 0.015722],
    "normalise": [2.5e-05, -0.066448, 0.261326, 0.022228],
}


def level_db(waveform: Waveform) -> float:
    """Of its middle, where nothing begins or ends."""
    middle = waveform[len(waveform) // 4 : -len(waveform) // 4].astype(float)
    return float(10 * np.log10(np.mean(middle**2)))


@pytest.fixture(params=sorted(HERE))
def treatment(request: pytest.FixtureRequest) -> Treatment:
    return HERE[request.param]


def test_the_given_waveform_is_left_alone(treatment: Treatment) -> None:
    given_ = babble(1.0)
    before = given_.copy()
    treated = treatment.treat(given_)
    np.testing.assert_array_equal(given_, before)
    assert not np.shares_memory(treated, given_)


@given(samples=st.integers(SHORTEST, 40_000), seed=st.integers(0, 9), level=st.sampled_from([0.0, 1e-20, 1e-3, 0.5, 1]))
def test_any_length_and_level_stays_finite_and_as_long(samples: int, seed: int, level: float) -> None:
    waveform = (level * np.random.default_rng(seed).uniform(-1, 1, samples)).astype(np.float32)
    for treatment in HERE.values():
        treated = treatment.treat(waveform)
        assert (treated.shape, treated.dtype) == (waveform.shape, np.float32), treatment.name
        assert np.isfinite(treated).all(), treatment.name
        np.testing.assert_array_equal(treatment.treat(waveform), treated, err_msg=treatment.name)


@pytest.mark.parametrize("kind", ["separate", "high-pass", "denoise"])
def test_memory_does_not_grow_with_the_length(kind: str) -> None:
    needed = [peak_bytes(HERE[kind], seconds) - 64_000 * seconds for seconds in (130, 330)]
    assert needed[1] - needed[0] < 64_000 * 20, "no more than 20 s of sound, beside the result itself"


def peak_bytes(treatment: Treatment, seconds: int) -> int:
    sound = noise(seconds)
    treatment.treat(sound[:32_000])  # what is loaded on first use
    tracemalloc.start()
    try:
        treatment.treat(sound)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("sound", [np.zeros(SHORTEST, np.float32), np.zeros(1_000_000, np.float32)])
def test_digital_silence_stays_silence(treatment: Treatment, sound: Waveform) -> None:
    np.testing.assert_array_equal(treatment.treat(sound), sound)


def test_a_version_gives_the_numbers_it_always_gave() -> None:
    """Whoever has to change these makes another version."""
    sound = babble(1.0, seed=7) + tone(50, 1.0, level=0.2)
    samples = {kind: treatment.treat(sound)[[0, 5000, 9000, 15_999]].tolist() for kind, treatment in HERE.items()}
    assert samples == {kind: pytest.approx(always, abs=1e-5) for kind, always in ALWAYS.items()}


class TestHighPass:
    @pytest.mark.parametrize(("hz", "least_db"), [(25, 90), (50, 45), (60, 35)])
    def test_hum_and_rumble_go(self, hz: float, least_db: float) -> None:
        hum = tone(hz, 4.0)
        assert level_db(hum) - level_db(HighPass().treat(hum)) > least_db

    @pytest.mark.parametrize("hz", [200, 300, 1000, 3400, 7900])
    def test_voices_stay(self, hz: float) -> None:
        voice = tone(hz, 4.0)
        assert level_db(HighPass().treat(voice)) == pytest.approx(level_db(voice), abs=0.1)

    def test_the_cutoff_is_6_db_down(self) -> None:
        cut = tone(100, 4.0)
        assert level_db(cut) - level_db(HighPass().treat(cut)) == pytest.approx(6.02, abs=0.05)

    def test_nothing_is_delayed(self) -> None:
        voice = tone(300, 2.0)
        np.testing.assert_allclose(HighPass().treat(voice)[4000:-4000], voice[4000:-4000], atol=1e-3)

    @pytest.mark.parametrize("samples", [SHORTEST, 16_000, 60 * 16_000])
    def test_up_to_a_minute_it_is_scipys_filter(self, samples: int) -> None:
        sound = noise(samples / 16_000)
        sections = butter(4, 100, "highpass", fs=16_000, output="sos")
        oracle = sosfiltfilt(sections, sound, padlen=min(1600, samples - 1)).astype(np.float32)
        np.testing.assert_array_equal(HighPass().treat(sound), oracle)

    def test_blocks_can_not_be_told(self) -> None:
        sound = noise(150.0) + np.float32(0.3)
        whole = sosfiltfilt(butter(4, 100, "highpass", fs=16_000, output="sos"), sound, padlen=1600)
        np.testing.assert_allclose(HighPass().treat(sound), whole, atol=1e-6)

    def test_a_constant_offset_goes(self) -> None:
        assert np.abs(HighPass().treat(np.full(8000, 0.5, np.float32))).max() < 1e-6


class TestNormalise:
    @pytest.mark.parametrize("level", [0.06, 0.5, 0.99, 2.0])
    def test_the_peak_is_1_db_below_full_scale(self, level: float) -> None:
        sound = babble(1.0) * np.float32(level)
        peak_db = 20 * np.log10(np.abs(Normalise().treat(sound)).max())
        assert peak_db == pytest.approx(-1, abs=1e-5)

    def test_only_the_level_changes(self) -> None:
        sound = babble(1.0)
        treated = Normalise().treat(sound)
        gain = np.float32(10 ** (-1 / 20) / np.abs(sound).max())
        np.testing.assert_array_equal(treated, sound * gain)

    def test_the_greatest_sample_may_be_below_zero(self) -> None:
        sound = -np.abs(babble(1.0))
        assert Normalise().treat(sound).min() == pytest.approx(-(10 ** (-1 / 20)), rel=1e-6)

    def test_what_is_nearly_silent_gains_30_db_and_no_more(self) -> None:
        sound = noise(1.0, rms=1e-4)
        np.testing.assert_allclose(Normalise().treat(sound), sound * 10**1.5, rtol=1e-6)
