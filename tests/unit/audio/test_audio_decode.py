"""Decoding made files: values against soundfile + soxr, limits, channels, and what can't be decoded."""

from __future__ import annotations

import hashlib
import importlib.metadata
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emovec_db.audio.channels import Pick
from emovec_db.audio.decode import DECODE_CHAIN, decode, from_samples
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import (
    MixedError,
    NoChannelError,
    NotAudioError,
    NotFiniteError,
    QueryError,
    SilentError,
    TooLargeError,
    TooLongError,
    TooShortError,
)
from tests.sounds import ENCODINGS, babble, encode, noise, tone, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=60)
RATES_HZ = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000]


def oracle(path: Path) -> np.ndarray:
    """The mix by soundfile and soxr's one-shot function."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(samples.mean(axis=1), rate_hz, 16_000, "HQ")


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_waveform_equals_the_oracle(tmp_path, rate_hz, subtype):
    path = write(tmp_path / "a.wav", babble(1.3, rate_hz), rate_hz, subtype)
    (sound,) = decode(path, limits=LIMITS)
    expected = oracle(path)
    assert sound.waveform.dtype == np.float32
    assert len(sound.waveform) == len(expected) == round(round(1.3 * rate_hz) * 16_000 / rate_hz)
    np.testing.assert_allclose(sound.waveform, expected, atol=2e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_32", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_every_wav_subtype_equals_the_oracle(tmp_path, subtype):
    path = write(tmp_path / "a.wav", tone(440, 1.0), 16_000, subtype)
    (sound,) = decode(path, limits=LIMITS)
    expected = oracle(path)
    overlap = min(len(expected), len(sound.waveform))
    assert abs(len(expected) - len(sound.waveform)) <= 1024  # the last block of ADPCM and GSM is padded
    # ffmpeg and libsndfile round ADPCM's predictions differently
    atol = 5e-3 if "ADPCM" in subtype else 1e-6
    np.testing.assert_allclose(sound.waveform[:overlap], expected[:overlap], atol=atol)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_tone_keeps_level_pitch_and_time(tmp_path, rate_hz):
    path = write(tmp_path / "a.wav", tone(1_000, 2, rate_hz), rate_hz, "FLOAT")
    (sound,) = decode(path, limits=LIMITS)
    middle = slice(2_000, -2_000)
    np.testing.assert_allclose(sound.waveform[middle], tone(1_000, 2)[middle], atol=1e-5)


def test_a_tone_above_8_khz_is_gone(tmp_path):
    path = write(tmp_path / "a.wav", tone(9_000, 2, 48_000) + tone(500, 2, 48_000, 0.1), 48_000, "FLOAT")
    (sound,) = decode(path, limits=LIMITS)
    np.testing.assert_allclose(sound.waveform[2_000:-2_000], tone(500, 2, level=0.1)[2_000:-2_000], atol=1e-5)


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_format_gives_the_same_sound(tmp_path, name):
    rng = np.random.default_rng(0)
    # below 4 kHz and smooth: what lossy codecs keep
    original = sum(tone(float(hz), 2, level=0.05) for hz in rng.uniform(200, 3_000, 6)) * (
        0.6 + 0.4 * tone(3, 2, level=1)
    )
    (sound,) = decode(encode(tmp_path / name, original), limits=LIMITS)
    assert abs(sound.duration_s - 2) < 0.13  # raw aac and bare mp3 keep the encoder's padding
    lags = np.correlate(sound.waveform, original[4_000:-4_000], "valid")
    part = sound.waveform[int(np.argmax(lags)) :][: len(original) - 8_000]
    assert np.corrcoef(part, original[4_000:-4_000])[0, 1] > 0.98


def test_lossless_formats_share_one_pcm_hash(tmp_path):
    sound = babble(1.7)
    names = ["a.wav", "a.flac", "a.aiff", "a.au", "a.caf", "alac.m4a", "a.w64", "a.mka"]
    hashes = {decode(encode(tmp_path / name, sound), limits=LIMITS)[0].pcm_sha256 for name in names}
    assert len(hashes) == 1


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_pcm_hash_does_not_depend_on_how_packets_are_cut(tmp_path, rate_hz):
    samples = babble(3.1, rate_hz)
    wav = write(tmp_path / "a.wav", samples, rate_hz)
    flac = tmp_path / "a.flac"
    soundfile.write(flac, soundfile.read(wav, dtype="int16")[0], rate_hz)
    assert decode(wav, limits=LIMITS)[0].pcm_sha256 == decode(flac, limits=LIMITS)[0].pcm_sha256


def test_pcm_hash_is_that_of_little_endian_float32(tmp_path):
    (sound,) = decode(write(tmp_path / "a.wav", babble(1)), limits=LIMITS)
    assert sound.pcm_sha256 == hashlib.sha256(sound.waveform.astype("<f4").tobytes()).hexdigest()


def test_decode_chain_names_decoder_resampler_and_version():
    installed = ".".join(importlib.metadata.version("av").split(".")[:2])
    assert f"pyav-{installed}/soxr-hq-16k/1" == DECODE_CHAIN


def test_importing_the_audio_package_loads_no_decoder():
    code = (
        "import sys, emovec_db.audio.decode, emovec_db.audio.wav;"
        "print([name for name in ('av', 'soxr') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# channels


@pytest.fixture
def stereo(tmp_path):
    samples = np.stack([tone(440, 1, 44_100, 0.4), tone(600, 1, 44_100, 0.2)], axis=1)
    return write(tmp_path / "stereo.wav", samples, 44_100, "FLOAT")


def test_channels_come_in_the_order_asked(stereo):
    sounds = decode(stereo, channels=["right", "mix", "left", "ch0", "ch1"], limits=LIMITS)
    right, mix, left, ch0, ch1 = (sound.waveform for sound in sounds)
    assert [sound.channel for sound in sounds] == ["right", "mix", "left", "ch0", "ch1"]
    np.testing.assert_allclose(left[1_000:-1_000], tone(440, 1, level=0.4)[1_000:-1_000], atol=1e-5)
    np.testing.assert_allclose(right[1_000:-1_000], tone(600, 1, level=0.2)[1_000:-1_000], atol=1e-5)
    np.testing.assert_allclose(mix, (left + right) / 2, atol=1e-6)
    assert np.array_equal(ch0, left)
    assert np.array_equal(ch1, right)


def test_a_channel_alone_equals_the_same_asked_with_others(stereo):
    (alone,) = decode(stereo, channels=["right"], limits=LIMITS)
    assert alone.pcm_sha256 == decode(stereo, channels=["left", "right"], limits=LIMITS)[1].pcm_sha256


def test_mix_of_six_channels_is_their_mean(tmp_path):
    samples = np.stack([noise(0.5, seed=seed) for seed in range(6)], axis=1)
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
    mix, fifth = decode(path, channels=["mix", "ch4"], limits=LIMITS)
    np.testing.assert_allclose(mix.waveform, samples.mean(axis=1), atol=1e-7)
    assert np.array_equal(fifth.waveform, samples[:, 4])
    assert mix.quality.channels == 6


@pytest.mark.parametrize(
    ("channels", "asked", "present"),
    [
        (1, "left", "1 channel: mix, ch0"),
        (1, "ch1", "1 channel: mix, ch0"),
        (2, "ch2", "2 channels: mix, left, right, ch0, ch1"),
        (12, "ch12", "12 channels: mix, left, right, ch0, …, ch11"),
    ],
)
def test_asking_for_a_missing_channel_names_those_present(tmp_path, channels, asked, present):
    path = write(tmp_path / "a.wav", np.repeat(babble(0.5)[:, np.newaxis], channels, axis=1))
    with pytest.raises(NoChannelError, match="has no channel") as caught:
        decode(path, channels=[asked], limits=LIMITS)
    assert str(caught.value) == f"a.wav has no channel {asked!r}; it has {present}"


@pytest.mark.parametrize("channels", [["stereo"], ["ch01"], ["ch-1"], ["ch100"], [""], [], "mix"])
def test_unknown_channel_names_are_the_callers_error(stereo, channels):
    with pytest.raises(QueryError, match="expected"):
        decode(stereo, channels=channels, limits=LIMITS)


# limits


def test_where_no_channels_may_be_mixed_decoding_stops_at_the_first_block(stereo, tmp_path, monkeypatch):
    apart = replace(LIMITS, may_mix=False)
    (left,) = decode(stereo, channels=["left"], limits=apart)
    assert left.pcm_sha256 == decode(stereo, channels=["left"], limits=LIMITS)[0].pcm_sha256
    mono = write(tmp_path / "mono.wav", babble(1))
    assert decode(mono, limits=apart)[0].pcm_sha256 == decode(mono, limits=LIMITS)[0].pcm_sha256
    monkeypatch.setattr(Pick, "of", lambda *_: pytest.fail("a mix was made"))
    with pytest.raises(MixedError, match="has 2 channels, and they must not be mixed"):
        decode(stereo, limits=apart)


@settings(max_examples=40, deadline=None)
@given(
    rate_hz=st.sampled_from([8_000, 16_000, 44_100]),
    samples=st.integers(10_000, 120_000),
    limit_s=st.floats(0.2, 8),
)
@example(rate_hz=16_000, samples=16_000, limit_s=1.0)
@example(rate_hz=16_000, samples=16_001, limit_s=1.0)
def test_sound_is_refused_exactly_when_longer_than_the_limit(rate_hz, samples, limit_s):
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.wav", noise(samples / rate_hz, rate_hz), rate_hz)
        limits = SoundLimits(max_bytes=10**7, max_duration_s=limit_s)
        if samples / rate_hz > limit_s:
            with pytest.raises(TooLongError, match=r"more than .* s of sound"):
                decode(path, limits=limits)
        else:
            assert decode(path, limits=limits)[0].duration_s == round(samples * 16_000 / rate_hz) / 16_000


def test_a_small_file_that_decodes_to_hours_is_refused_early(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(16_000 * 3600, np.int16), 16_000)
    assert path.stat().st_size < 300_000
    with pytest.raises(TooLongError, match=r"more than 60 s"):
        decode(path, limits=LIMITS)


def test_a_large_file_is_refused_unread(tmp_path):
    path = write(tmp_path / "a.wav", babble(1))
    limits = SoundLimits(max_bytes=path.stat().st_size - 1, max_duration_s=60)
    with pytest.raises(TooLargeError, match=r"a\.wav has 32,044 bytes; expected at most 32,043"):
        decode(path, limits=limits)
    assert decode(path, limits=SoundLimits(max_bytes=path.stat().st_size, max_duration_s=60))


@pytest.mark.parametrize("rate_hz", [1, 3_999, 768_001])
def test_an_absurd_rate_is_refused(tmp_path, rate_hz):
    path = write(tmp_path / "a.wav", noise(1), rate_hz)
    with pytest.raises(NotAudioError, match=f"sample rate of {rate_hz} Hz; expected 4000 to 768000"):
        decode(path, limits=SoundLimits(10**9, 10**9))


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.19])
def test_too_short(tmp_path, seconds):
    with pytest.raises(TooShortError, match=r"expected at least 0\.2 s"):
        decode(write(tmp_path / "a.wav", babble(seconds)), limits=LIMITS)


# silence and what is not finite


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.full(16_000, 0.3), tone(440, 1, level=0.0009)])
def test_silence_and_a_constant_offset_are_refused(tmp_path, samples):
    with pytest.raises(SilentError, match="is silent in channel mix"):
        decode(write(tmp_path / "a.wav", samples, subtype="FLOAT"), limits=LIMITS)


def test_the_faintest_sound_that_counts(tmp_path):
    (sound,) = decode(write(tmp_path / "a.wav", tone(440, 1, level=0.0011), subtype="FLOAT"), limits=LIMITS)
    assert "near_silent" in sound.quality.warnings


def test_opposite_channels_mix_to_silence_but_stand_alone(tmp_path):
    sound = babble(1)
    path = write(tmp_path / "a.wav", np.stack([sound, -sound], axis=1), subtype="FLOAT")
    with pytest.raises(SilentError, match="ask for another channel"):
        decode(path, limits=LIMITS)
    assert decode(path, channels=["left"], limits=LIMITS)[0].quality.peak > 0.1


@settings(max_examples=25, deadline=None)
@given(
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
    place=st.integers(0, 49_999),
    subtype=st.sampled_from(["FLOAT", "DOUBLE"]),
    rate_hz=st.sampled_from([16_000, 44_100]),
)
@example(bad=np.nan, place=0, subtype="FLOAT", rate_hz=16_000)
@example(bad=np.nan, place=49_999, subtype="DOUBLE", rate_hz=44_100)
def test_one_bad_sample_anywhere_is_found(bad, place, subtype, rate_hz):
    samples = noise(50_000 / rate_hz, rate_hz).astype(np.float64)
    samples[place] = bad
    with TemporaryDirectory() as folder:
        path = write(
            Path(folder) / "a.wav", np.stack([samples, noise(50_000 / rate_hz, rate_hz)], axis=1), rate_hz, subtype
        )
        with pytest.raises(NotFiniteError, match="NaN or infinite"):
            decode(path, limits=LIMITS)
        assert decode(path, channels=["right"], limits=LIMITS)


def test_doubles_beyond_float32_are_not_finite(tmp_path):
    samples = babble(1).astype(np.float64)
    samples[100] = 1e300
    with pytest.raises(NotFiniteError, match="infinite"):
        decode(write(tmp_path / "a.wav", samples, subtype="DOUBLE"), limits=LIMITS)


# arrays


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int16", "int32", "uint8"])
def test_arrays_of_every_type_give_the_same_sound(rate_hz, dtype):
    exact = np.rint(babble(1.2, rate_hz) * 127) / 128  # fits in 8 bits
    scale = {"int16": 2**15, "int32": 2**31, "uint8": 2**7}.get(dtype, 1)
    samples = (exact * scale + (128 if dtype == "uint8" else 0)).astype(dtype)
    sound = from_samples(samples, rate_hz)
    np.testing.assert_allclose(
        sound.waveform, soxr.resample(exact.astype(np.float32), rate_hz, 16_000, "HQ"), atol=1e-6
    )
    assert (sound.channel, sound.quality.codec, sound.quality.sample_rate_hz) == ("mix", "array", rate_hz)


def test_an_array_and_a_file_of_it_have_the_same_hash(tmp_path):
    samples = babble(2.2, 44_100)
    path = write(tmp_path / "a.wav", samples, 44_100, "FLOAT")
    assert from_samples(samples, 44_100).pcm_sha256 == decode(path, limits=LIMITS)[0].pcm_sha256


def test_an_array_is_left_as_it_was():
    samples = babble(0.5)
    before = samples.copy()
    sound = from_samples(samples, 16_000)
    sound.waveform[:] = 0
    assert np.array_equal(samples, before)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (np.zeros((2, 16_000)), QueryError, r"shape \(2, 16000\); expected \(n,\)"),
        (np.zeros((16_000, 1)), QueryError, "one channel"),
        (np.float32(1), QueryError, r"shape \(\)"),
        (np.zeros(16_000, np.int64), QueryError, "samples are int64; expected float"),
        (np.zeros(16_000, np.complex64), QueryError, "complex64"),
        (np.array(["a"] * 16_000), QueryError, "samples are <U1"),
        (tone(440, 1, level=20_000), QueryError, "divide 16-bit values by 32768"),
        (np.full(16_000, np.nan), NotFiniteError, "the array holds NaN"),
        (np.r_[tone(440, 1, level=20_000), np.inf], NotFiniteError, "infinite"),
        (np.zeros(0), TooShortError, r"0\.000 s"),
        (np.zeros(16_000, np.int16), SilentError, "the array is silent"),
    ],
)
def test_arrays_that_make_no_sense(samples, error, message):
    with pytest.raises(error, match=message):
        from_samples(samples, 16_000)


@pytest.mark.parametrize("rate_hz", [0, -16_000, 44.1])
def test_an_arrays_rate_must_make_sense(rate_hz):
    with pytest.raises(NotAudioError, match="sample rate of"):
        from_samples(babble(1), rate_hz)
