"""The fake encoder can be worked out by eye."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import TooShortError


def sine(hz: float, seconds: float = 1, level: float = 0.5) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * 16_000)) / 16_000)).astype(np.float32)


@pytest.mark.parametrize(("place", "label"), list(enumerate(LABELS)))
def test_each_label_has_its_pitch(place: int, label: str) -> None:
    encoding = FakeEncoder().encode([sine(200 * (place + 1))])[0]
    prediction = Prediction.of(encoding.scores)
    assert prediction.label == label
    assert prediction.confidence == pytest.approx(0.92, abs=1e-3)
    assert sum(prediction.scores) == pytest.approx(1, abs=1e-6)
    expected = np.zeros(16)
    expected[place] = 1 + 0.5 / np.sqrt(2)
    np.testing.assert_allclose(encoding.embedding, expected, atol=1e-2)


def test_two_sines_share() -> None:
    scores = FakeEncoder().encode([sine(200) + sine(600)])[0].scores
    np.testing.assert_allclose(scores, [0.465, 0.01, 0.465] + [0.01] * 6, atol=1e-3)


def test_loudness_is_the_length_of_the_embedding() -> None:
    quiet, loud = (FakeEncoder(9).encode([sine(400, level=level)])[0].embedding for level in (0.1, 0.8))
    assert np.linalg.norm(loud) == pytest.approx(1 + 0.8 / np.sqrt(2), abs=1e-3)
    assert quiet @ loud / np.linalg.norm(quiet) / np.linalg.norm(loud) == pytest.approx(1, abs=1e-6)


def test_silence_is_even() -> None:
    encoding = FakeEncoder().encode([np.zeros(16_000, np.float32)])[0]
    np.testing.assert_allclose(encoding.scores, 1 / 9, atol=1e-6)
    np.testing.assert_allclose(encoding.embedding, 0.25, atol=1e-6)


def test_frames_follow_the_pitch() -> None:
    frames = FakeEncoder().encode_frames(np.concatenate([sine(200), sine(1000, seconds=0.5)]))
    assert (frames.hz, frames.scores.shape) == (50, (75, 9))
    assert [LABELS[place] for place in frames.scores.argmax(axis=1)] == ["angry"] * 50 + ["neutral"] * 25


@given(samples=st.integers(400, 5_000), seed=st.integers(0, 99), dim=st.integers(1, 40))
def test_scores_of_anything(samples: int, seed: int, dim: int) -> None:
    waveform = np.random.default_rng(seed).standard_normal(samples).astype(np.float32)
    encoder = FakeEncoder(dim)
    encoding = encoder.encode([waveform])[0]
    assert encoding.embedding.shape == (dim,) == (encoder.identity.dim,)
    assert encoding.scores.sum() == pytest.approx(1, abs=1e-5)
    assert encoding.scores.min() >= 0.0099
    np.testing.assert_array_equal(encoding.scores, FakeEncoder(dim).encode([waveform])[0].scores)


def test_dims_do_not_meet() -> None:
    assert not FakeEncoder(16).identity.same_space(FakeEncoder(17).identity)
    with pytest.raises(TooShortError):
        FakeEncoder().encode([np.zeros(399, np.float32)])
