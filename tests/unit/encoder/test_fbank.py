"""Filterbank energies are Kaldi's, as torchaudio computes them."""

from __future__ import annotations

import numpy as np

from emovec_db.encoder.fbank import fbank


def test_energies_are_those_of_torchaudio() -> None:
    """The numbers are those of torchaudio's own code, run apart from this project, which does without it."""
    place = np.arange(4000)
    waveform = (((place * place * 7 + place * 13) % 1009) / 1009 - 0.5).astype(np.float32) * np.float32(0.4)
    found = fbank(waveform[np.newaxis])
    assert (found.shape, found.dtype) == ((1, 23, 80), np.float32)
    expected = [
        [-7.613, -4.209, -2.002, 0.495, 2.698, 3.822],
        [-4.768, -4.075, -2.072, 0.131, 3.588, 3.763],
        [-6.875, -4.312, -1.809, 0.247, 3.0, 3.832],
    ]
    np.testing.assert_allclose(found[0][np.ix_([0, 10, 22], [0, 5, 20, 41, 60, 79])], expected, atol=2e-3)
    np.testing.assert_allclose([found.mean(), found.std()], [0.2255, 3.0199], atol=1e-3)


def test_silence_is_the_floor_and_waveforms_do_not_meet() -> None:
    sounds = np.stack([np.zeros(1600, np.float32), np.random.default_rng(0).standard_normal(1600).astype(np.float32)])
    both = fbank(sounds)
    assert (both[0] == np.log(np.float32(2**-23))).all()
    np.testing.assert_array_equal(both[1], fbank(sounds[1:])[0])
