"""Our numbers are those of FunASR's `AutoModel.generate`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.emotions import EMOTIONS, LABELS
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from tests.conftest import require
from tests.integration.encoder.conftest import Oracle, oracle_of

Array = NDArray[np.float32]
TOLERANCE = 1e-5
#: of numbers beyond 1: on clips of few frames FunASR's own float32 is up to 7e-6 from float64 in so small a network
RELATIVE_TOLERANCE = 1e-5


def noise(samples: int, seed: int = 0) -> Array:
    return (np.random.default_rng(seed).standard_normal(samples) * 0.1).astype(np.float32)


def assert_equal_to_funasr(encoder: Emotion2vecEncoder, oracle: Oracle, waveform: Array) -> None:
    tokens, scores, embedding = oracle.utterance(waveform)
    ours = encoder.encode([waveform])[0]
    assert tokens == [emotion.funasr_token for emotion in EMOTIONS]
    assert ours.scores.dtype == ours.embedding.dtype == np.float32
    np.testing.assert_allclose(ours.scores, scores, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.embedding, embedding, rtol=RELATIVE_TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("samples", [400, 401, 719, 720, 4_000, 16_000, 48_007, 160_000])
def test_noise_of_any_length(encoder: Emotion2vecEncoder, oracle: Oracle, samples: int) -> None:
    assert_equal_to_funasr(encoder, oracle, noise(samples))


@settings(max_examples=20, deadline=None)
@given(samples=st.integers(400, 40_000), seed=st.integers(0, 2**32 - 1), level=st.floats(1e-3, 3))
def test_any_noise(encoder: Emotion2vecEncoder, oracle: Oracle, samples: int, seed: int, level: float) -> None:
    assert_equal_to_funasr(encoder, oracle, noise(samples, seed) * np.float32(level))


def test_real_recordings(encoder: Emotion2vecEncoder, oracle: Oracle, shared_data: Path) -> None:
    require(importlib.util.find_spec("soundfile"), "soundfile is not installed; funasr brings it")
    import soundfile

    files = sorted((shared_data / "fixtures" / "emotional").glob("*.wav"))
    assert len(files) == 7
    for file in files:
        waveform, rate = soundfile.read(file, dtype="float32")
        assert rate == 16_000
        assert_equal_to_funasr(encoder, oracle, waveform)


@pytest.mark.parametrize("samples", [400, 719, 720, 16_000, 50_000])
def test_frames(encoder: Emotion2vecEncoder, oracle: Oracle, samples: int) -> None:
    waveform = noise(samples)
    expected, frames = oracle.frames(waveform), encoder.encode_frames(waveform, embeddings=True)
    ours = frames.embeddings
    assert ours is not None
    assert encoder.encode_frames(waveform).embeddings is None
    assert frames.hz == 50
    assert len(frames.scores) == len(expected) == (samples - 400) // 320 + 1
    np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(frames.scores, oracle.head(expected), rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.mean(axis=0), encoder.encode([waveform])[0].embedding, rtol=0, atol=TOLERANCE)


def test_order_and_company_change_nothing(encoder: Emotion2vecEncoder) -> None:
    waveforms = [noise(samples, samples) for samples in (16_000, 400, 9_999, 16_000)]
    together, reverse = encoder.encode(waveforms), encoder.encode(waveforms[::-1])[::-1]
    for waveform, first, second in zip(waveforms, together, reverse, strict=True):
        alone = encoder.encode([waveform])[0]
        for encoding in (first, second):
            np.testing.assert_allclose(encoding.embedding, alone.embedding, rtol=0, atol=TOLERANCE)
            np.testing.assert_allclose(encoding.scores, alone.scores, rtol=0, atol=TOLERANCE)
    assert encoder.encode([]) == []


def test_read_only_and_strided_waveforms(encoder: Emotion2vecEncoder) -> None:
    waveform = noise(8_000)
    frozen = waveform.copy()
    frozen.flags.writeable = False
    expected = encoder.encode([waveform])[0].scores
    for same in (frozen, np.repeat(waveform, 2)[::2], waveform[::-1].copy()[::-1]):
        np.testing.assert_array_equal(encoder.encode([same])[0].scores, expected)


def test_twelve_heads_as_base_and_seed(funasr_imported: None, tmp_path: Path) -> None:
    """Twelve is no power of two, where ALiBi's slopes follow another rule."""
    from tests.checkpoints import Architecture, write_checkpoint

    directory = write_checkpoint(tmp_path, Architecture(dim=96, heads=12, depth=2, prenet_depth=1, conv_channels=16))
    assert_equal_to_funasr(Emotion2vecEncoder(directory), oracle_of(directory), noise(20_000))


def test_the_real_size(funasr_imported: None, tmp_path: Path) -> None:
    from tests.checkpoints import PLUS_LARGE, write_checkpoint

    directory = write_checkpoint(tmp_path, PLUS_LARGE)
    encoder = Emotion2vecEncoder(directory)
    assert encoder.parameters == 162_140_185
    assert encoder.identity.dim == 1024
    assert_equal_to_funasr(encoder, oracle_of(directory), noise(16_000))


def test_shuffled_tokens_are_put_in_our_order(encoder: Emotion2vecEncoder, tiny: Path, tmp_path: Path) -> None:
    from tests.checkpoints import TOKENS, write_checkpoint

    shuffled = Emotion2vecEncoder(write_checkpoint(tmp_path, tokens=TOKENS[::-1]))
    waveform = noise(8_000)
    np.testing.assert_allclose(
        shuffled.encode([waveform])[0].scores, encoder.encode([waveform])[0].scores[::-1], rtol=0, atol=1e-7
    )
    np.testing.assert_allclose(
        shuffled.encode_frames(waveform).scores, encoder.encode_frames(waveform).scores[:, ::-1], rtol=0, atol=1e-7
    )
    assert shuffled.identity.revision != encoder.identity.revision
    assert shuffled.identity.weights_sha256 == encoder.identity.weights_sha256


def test_hidden_tokens_of_old_revisions_still_give_nine_scores(encoder: Emotion2vecEncoder, tmp_path: Path) -> None:
    """FunASR gives the softmax over the five others: ours, without the hidden ones, is that once normalised."""
    from tests.checkpoints import OLD_TOKENS, write_checkpoint

    directory = write_checkpoint(tmp_path, tokens=OLD_TOKENS)
    waveform = noise(8_000)
    ours = Emotion2vecEncoder(directory).encode([waveform])[0].scores
    np.testing.assert_array_equal(ours, encoder.encode([waveform])[0].scores)
    tokens, five, _ = oracle_of(directory).utterance(waveform)
    shown = ours[[LABELS.index(label) for label in ("angry", "happy", "neutral", "sad", "unknown")]]
    assert tokens == [token for token in OLD_TOKENS if not token.startswith("unuse")]
    np.testing.assert_allclose(shown / shown.sum(), five, rtol=0, atol=TOLERANCE)
