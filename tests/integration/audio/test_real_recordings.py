"""Real recordings in every format that is at hand."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import soxr

from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import RecordingError, TruncatedError
from emovec_db.sources.folders import find_recordings

LIMITS = SoundLimits(max_bytes=50_000_000, max_duration_s=3600)

AISHELL = [
    "BAC009S0724W0121.wav",
    "BAC009S0724W0121.m4a",
    "BAC009S0724W0121.webm",
    "float64.wav",
    "mulaw.wav",
    "u8.wav",
]
CALLS = ["auto_repairs_40_agent-left_caller-right.flac", "auto_repairs_49_agent-left_caller-right.flac"]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """The greatest over shifts of up to 100 ms, since codecs delay."""
    best = 0.0
    for shift in range(-1_600, 1_601, 4):
        a, b = (one[shift:], other) if shift >= 0 else (one, other[-shift:])
        length = min(len(a), len(b))
        best = max(best, float(np.corrcoef(a[:length], b[:length])[0, 1]))
    return best


@pytest.mark.parametrize("name", AISHELL[1:])
def test_six_encodings_of_one_utterance(shared_data, name):
    folder = shared_data / "fixtures/formats"
    (original,) = decode(folder / f"aishell-{AISHELL[0]}", limits=LIMITS)
    (other,) = decode(folder / f"aishell-{name}", limits=LIMITS)
    assert abs(other.duration_s - original.duration_s) < 0.08
    assert correlation(original.waveform, other.waveform) > 0.98
    assert (other.pcm_sha256 == original.pcm_sha256) == (name == "float64.wav")


def test_every_fixture_is_decoded_with_a_sensible_quality(shared_data):
    found = list(find_recordings([shared_data / "fixtures"]))
    assert len(found) >= 25
    for one in found:
        assert one.error is None
        (sound,) = decode(one.place, limits=LIMITS)
        quality = sound.quality
        assert quality.duration_s == sound.duration_s > 1
        assert 0.05 < quality.peak <= 1
        assert quality.clipping_ratio < 0.001
        assert quality.snr_db is not None
        assert quality.snr_db > 5
        telephone = "calls" in one.relative
        assert ("narrow_band" in quality.warnings) == telephone
        assert ("long" in quality.warnings) == telephone
        assert "music" not in quality.warnings


@pytest.mark.parametrize(
    "name", ["formats/jfk.flac", "formats/LJ002-0020.wav", "formats/librispeech_198-209-0000.ogg", f"calls/{CALLS[0]}"]
)
def test_real_waveforms_equal_the_oracle(shared_data, name):
    path = shared_data / "fixtures" / name
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    expected = soxr.resample(samples.mean(axis=1), rate_hz, 16_000, "HQ")
    (sound,) = decode(path, limits=LIMITS)
    assert len(sound.waveform) == len(expected)
    np.testing.assert_allclose(sound.waveform, expected, atol=1e-5)


@pytest.mark.parametrize("name", CALLS)
def test_channels_of_a_call(shared_data, name):
    path = shared_data / "fixtures/calls" / name
    left, right, mix = decode(path, channels=["left", "right", "mix"], limits=LIMITS)
    np.testing.assert_allclose(mix.waveform, (left.waveform + right.waveform) / 2, atol=1e-6)
    assert len({left.pcm_sha256, right.pcm_sha256, mix.pcm_sha256}) == 3
    assert abs(np.corrcoef(left.waveform, right.waveform)[0, 1]) < 0.2
    assert {sound.quality.channels for sound in (left, right, mix)} == {2}


def test_a_mono_call_has_no_sides(shared_data):
    with pytest.raises(RecordingError, match="1 channel: mix, ch0"):
        decode(shared_data / "fixtures/calls/auto_repairs_mono_both-parties.flac", channels=["left"], limits=LIMITS)


@pytest.mark.parametrize(
    "name", ["jfk.flac", "jfk.mp3", "aishell-BAC009S0724W0121.m4a", "librispeech_198-209-0000.ogg", "aishell-mulaw.wav",
             "aishell-BAC009S0724W0121.webm", "aishell-float64.wav"]
)  # fmt: skip
def test_half_of_a_real_file_is_truncated(shared_data, tmp_path, name):
    data = (shared_data / "fixtures/formats" / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(TruncatedError):
        decode(tmp_path / name, limits=LIMITS)
