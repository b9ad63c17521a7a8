"""The bundled compact encoder keeps the contract of its ONNX file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parents[3] / "emovec_db" / "encoder" / "weights" / "compact.onnx"
LABELS = "angry,disgusted,fearful,happy,neutral,other,sad,surprised,unknown"
UNTRAINED = [LABELS.split(",").index(label) for label in ("other", "unknown")]
SAMPLE_RATE_HZ = 16_000

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(WEIGHTS, options, providers=["CPUExecutionProvider"])


def voice(seconds: float, seed: int = 0) -> Array:
    """Synthetic voiced sound, (samples,): harmonics of a gliding pitch under a slow envelope."""
    t = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * (120 + 20 * seed) * (t + 0.05 * np.sin(3 * t))
    tone = sum(np.sin(k * phase) / k for k in range(1, 20))
    envelope = 0.05 * (1.1 + np.sin(2 * np.pi * 3 * t))
    return (tone * envelope + 0.001 * rng.standard_normal(len(t))).astype(np.float32)


def encoded(session: onnxruntime.InferenceSession, batch: Array) -> tuple[Array, Array, Array]:
    """Embedding, scores and frame scores of a batch (batch, samples)."""
    embedding, scores, frame_scores = session.run(None, {"waveform": batch})
    return embedding, scores, frame_scores


def test_file_is_at_most_8_mb() -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000


def test_names_and_types(session: onnxruntime.InferenceSession) -> None:
    assert [(i.name, i.type) for i in session.get_inputs()] == [("waveform", "tensor(float)")]
    outputs = [(o.name, o.type) for o in session.get_outputs()]
    assert outputs == [
        ("embedding", "tensor(float)"),
        ("scores", "tensor(float)"),
        ("frame_scores", "tensor(float)"),
    ]


def test_metadata(session: onnxruntime.InferenceSession) -> None:
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["name"] == "compact"
    assert properties["revision"] == "1"
    assert properties["licence"] == "CC BY-NC-SA 4.0"
    assert properties["frame_rate_hz"] == "25"
    assert properties["dim"] == "256"
    assert properties["labels"] == LABELS


@pytest.mark.parametrize("seconds", [0.1, 0.33, 1.0, 4.7, 30.0])
@pytest.mark.parametrize("batch", [1, 3])
def test_shapes_and_probabilities(session: onnxruntime.InferenceSession, seconds: float, batch: int) -> None:
    waveforms = np.stack([voice(seconds, seed) for seed in range(batch)])
    embedding, scores, frame_scores = encoded(session, waveforms)
    assert embedding.shape == (batch, 256)
    assert scores.shape == (batch, 9)
    assert frame_scores.shape[::2] == (batch, 9)
    assert abs(frame_scores.shape[1] - seconds * 25) <= 1
    for probabilities in (scores, frame_scores):
        assert (probabilities >= 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
        assert (probabilities[..., UNTRAINED] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)


def test_batch_equals_one_by_one(session: onnxruntime.InferenceSession) -> None:
    waveforms = np.stack([voice(2.0, seed) for seed in range(4)] + [np.zeros(32_000, np.float32)])
    together = encoded(session, waveforms)
    for row in range(len(waveforms)):
        for whole, single in zip(together, encoded(session, waveforms[row : row + 1]), strict=True):
            np.testing.assert_allclose(whole[row : row + 1], single, atol=1e-5)


@pytest.mark.parametrize("gain", [0.02, 0.5, 8.0])
def test_gain_does_not_matter(session: onnxruntime.InferenceSession, gain: float) -> None:
    waveform = voice(2.5)[None]
    pairs = zip(encoded(session, waveform), encoded(session, waveform * gain), strict=True)
    for plain, louder in pairs:
        np.testing.assert_allclose(plain, louder.astype(np.float32), atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_silence_and_constant_offset_are_finite(session: onnxruntime.InferenceSession, value: float) -> None:
    for output in encoded(session, np.full((1, 16_000), value, np.float32)):
        assert np.isfinite(output).all()


def test_different_sounds_differ(session: onnxruntime.InferenceSession) -> None:
    noise = np.random.default_rng(0).standard_normal(40_000).astype(np.float32) * 0.05
    embedding, _, _ = encoded(session, np.stack([voice(2.5), noise]))
    assert float(embedding[0] @ embedding[1]) < 0.95
