"""Writing waveforms as wav."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from emovec_db.audio.decode import decode
from emovec_db.audio.wav import write_float_wav, write_wav
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import NotFiniteError
from tests.sounds import babble


class Pipe(io.RawIOBase):
    """Takes bytes and can't seek."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        self.taken += data
        return len(data)


def test_every_16_bit_value_comes_back(tmp_path):
    values = np.arange(-32768, 32768, dtype=np.int16)
    write_wav(tmp_path / "a.wav", values.astype(np.float32) / 32768)
    back, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate_hz == 16_000
    assert np.array_equal(back, values)


def test_a_decoded_wav_is_written_as_it_was(tmp_path):
    soundfile.write(tmp_path / "a.wav", babble(1), 16_000)
    (sound,) = decode(tmp_path / "a.wav", limits=SoundLimits(10**6, 10))
    write_wav(tmp_path / "b.wav", sound.waveform)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_beyond_full_scale_is_cut_off_not_wrapped_around():
    file = io.BytesIO()
    write_wav(file, np.array([1.5, 1, -1, -1.5], np.float32))
    file.seek(0)
    assert soundfile.read(file, dtype="int16")[0].tolist() == [32767, 32767, -32768, -32768]


def test_a_pipe_and_a_path_as_text_get_the_same_bytes(tmp_path):
    pipe = Pipe()
    write_wav(pipe, babble(0.5))
    write_wav(str(tmp_path / "a.wav"), babble(0.5))
    assert bytes(pipe.taken) == (tmp_path / "a.wav").read_bytes()


def test_nan_is_refused(tmp_path):
    with pytest.raises(NotFiniteError, match="expected finite"):
        write_wav(tmp_path / "a.wav", np.array([0, np.nan], np.float32))
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("samples", [4_000, 40_001])
def test_float_samples_come_back_bit_by_bit(tmp_path, samples):
    waveform = babble(samples / 16_000, seed=7)[:samples] * np.float32(1.7)
    pipe = Pipe()
    write_float_wav(pipe, waveform)
    (tmp_path / "a.wav").write_bytes(pipe.taken)
    back, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate_hz == 16_000
    assert np.array_equal(back, waveform)
    (sound,) = decode(tmp_path / "a.wav", limits=SoundLimits(10**6, 10))
    assert np.array_equal(sound.waveform, waveform)
    assert sound.quality.codec == "pcm_f32le"
