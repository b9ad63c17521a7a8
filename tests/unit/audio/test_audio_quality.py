"""Quality of sounds made to have a known peak, clipping, SNR, silence and band."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emovec_db.audio.decode import decode, from_samples
from emovec_db.audio.metering import Meter
from emovec_db.audio.quality import WARNING_TEXTS
from emovec_db.domain.sound import Quality, SoundLimits
from tests.sounds import babble, noise, tone, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=600)


def quality(samples: np.ndarray, rate_hz: int = 16_000) -> Quality:
    return from_samples(samples, rate_hz).quality


def bursts(snr_db: float, seconds: int = 10) -> np.ndarray:
    """Half a second of noise, half a second of the same noise with a tone `snr_db` above it, and so on."""
    background = noise(seconds, rms=0.01)
    loud = tone(700, seconds, level=0.01 * np.sqrt(2) * 10 ** (snr_db / 20))
    on = (np.arange(seconds * 16_000) // 8_000) % 2
    return background + loud * on


def clipped_by_hand(samples: np.ndarray, full_scale: float) -> int:
    """The definition, sample by sample."""
    at = [abs(float(sample)) >= full_scale for sample in samples]
    beside = [any(at[max(0, i - 1) : i] + at[i + 1 : i + 2]) for i in range(len(at))]
    return sum(here and there for here, there in zip(at, beside, strict=True))


@settings(max_examples=200)
@given(
    samples=hnp.arrays(
        np.float32, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.sampled_from([0, 0.5, 1, -1])
    ),
    cuts=st.lists(st.integers(1, 39), max_size=5),
)
def test_clipping_is_counted_by_the_definition_whatever_the_blocks(samples, cuts):
    meter = Meter()
    for block in np.split(samples, sorted({cut for cut in cuts if cut < len(samples)})):
        meter.add(block.mean(axis=1), block, 0.999)
    expected = sum(clipped_by_hand(channel, 0.999) for channel in samples.T)
    assert meter.levels.clipping_ratio == expected / samples.size
    assert meter.levels.peak == np.abs(samples.mean(axis=1)).max()


def test_a_sine_driven_to_twice_full_scale_is_clipped_two_thirds_of_the_time(tmp_path):
    path = write(tmp_path / "a.wav", np.clip(tone(220, 2, 44_100, level=2), -1, 1), 44_100)
    (sound,) = decode(path, limits=LIMITS)
    assert sound.quality.clipping_ratio == pytest.approx(2 / 3, abs=0.005)  # |sin| > 1/2
    assert sound.quality.peak == 1.0
    assert "clipped" in sound.quality.warnings


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW", "ALAW"])
def test_clipping_is_seen_at_every_types_own_full_scale(tmp_path, subtype):
    path = write(tmp_path / "a.wav", np.clip(tone(220, 1, 8_000, level=2), -1, 1), 8_000, subtype)
    assert decode(path, limits=LIMITS)[0].quality.clipping_ratio == pytest.approx(2 / 3, abs=0.03)


def test_a_sine_that_just_reaches_full_scale_is_not_clipped():
    assert quality(tone(440, 2, level=1)).clipping_ratio == 0


def test_clipping_of_one_channel_counts_by_channel_and_in_the_mix(tmp_path):
    samples = np.stack([np.clip(tone(220, 1, level=2), -1, 1), babble(1)], axis=1)
    path = write(tmp_path / "a.wav", samples)
    left, right, mix = (sound.quality for sound in decode(path, channels=["left", "right", "mix"], limits=LIMITS))
    assert right.clipping_ratio == 0
    assert mix.clipping_ratio == left.clipping_ratio / 2 > 0.3


@pytest.mark.parametrize("snr_db", [3, 6, 10, 20, 30])
def test_snr_of_bursts_in_noise(snr_db):
    assert quality(bursts(snr_db)).snr_db == pytest.approx(snr_db, abs=1.2)


def test_a_steady_sound_has_no_snr():
    assert quality(tone(440, 2)).snr_db is None
    assert quality(noise(2)).snr_db is None


@pytest.mark.parametrize("silent_share", [0.2, 0.5, 0.8])
def test_silence_ratio_is_the_share_of_silence(silent_share):
    samples = noise(10)
    samples[: int(silent_share * len(samples))] = 0
    measured = quality(samples)
    assert measured.silence_ratio == pytest.approx(silent_share, abs=0.005)
    assert measured.snr_db == pytest.approx(20 * np.log10(0.1) + 101.1, abs=1)  # 16 bits' rounding is the floor


def test_an_offset_counts_for_nothing():
    plain, offset = quality(bursts(10)), quality(bursts(10) + np.float32(0.25))
    assert offset.snr_db == pytest.approx(plain.snr_db, abs=0.05)
    assert offset.silence_ratio == plain.silence_ratio


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_peak_is_that_of_the_original_samples(tmp_path, seconds):
    samples = babble(seconds, 44_100)
    samples[1234] = -0.97
    (sound,) = decode(write(tmp_path / "a.wav", samples, 44_100, "FLOAT"), limits=LIMITS)
    assert sound.quality.peak == pytest.approx(0.97)


def test_floats_beyond_full_scale_have_peak_one():
    assert quality(tone(440, 1, level=1.5)).peak == 1.0


@pytest.mark.parametrize(
    ("samples", "rate_hz", "warnings"),
    [
        (babble(2), 16_000, set()),
        (babble(0.99), 16_000, {"short"}),
        (babble(1), 16_000, set()),
        (babble(30), 16_000, set()),
        (babble(30.1), 16_000, {"long"}),
        (babble(2) * 0.01, 16_000, {"near_silent"}),
        (babble(2, 8_000), 8_000, {"narrow_band"}),
        (babble(2, 11_025), 11_025, {"narrow_band"}),
        (babble(2, 44_100), 44_100, set()),
        (soxr.resample(babble(2, 8_000), 8_000, 48_000), 48_000, {"narrow_band"}),
        (np.clip(babble(2) * 20, -1, 1), 16_000, {"clipped"}),
        (babble(0.5, 8_000) * 0.01, 8_000, {"short", "near_silent", "narrow_band"}),
    ],
)
def test_warnings(samples, rate_hz, warnings):
    assert set(quality(samples, rate_hz).warnings) == warnings


def test_every_warning_says_what_to_do():
    assert set(WARNING_TEXTS) == {"short", "clipped", "near_silent", "narrow_band", "long", "music"}
    assert all(text.count(".") >= 2 for text in WARNING_TEXTS.values())


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.floats(0.2, 3),
    level_db=st.floats(-40, 30),  # from about -45 dB on a short one may be refused as silent
    rate_hz=st.sampled_from([8_000, 16_000, 44_100]),
    seed=st.integers(0, 100),
)
def test_quality_stays_within_its_bounds(seconds, level_db, rate_hz, seed):
    samples = np.clip(babble(seconds + 0.001, rate_hz, seed) * 10 ** (level_db / 20), -1, 1)
    measured = quality(samples, rate_hz)
    assert 0 <= measured.peak <= 1
    assert 0 <= measured.clipping_ratio <= 1
    assert 0 <= measured.silence_ratio <= 1
    assert measured.snr_db is None or 0 <= measured.snr_db <= 101
    assert set(measured.warnings) <= set(WARNING_TEXTS)
