"""CompactEncoder over a little network whose numbers NumPy can work out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from emovec_db.encoder.compact import CompactEncoder
from emovec_db.errors import BadWeightsError, MissingPartError, NotFiniteError, QueryError, TooShortError

Array = NDArray[np.float32]

FRAME = 640
EMBED = np.linspace(-1, 1, 5, dtype=np.float32)[None]
HEAD = np.linspace(-3, 3, 9, dtype=np.float32)[None]
METADATA = {"name": "compact", "revision": "7", "frame_rate_hz": "25"}


def network(head: Array = HEAD, metadata: dict[str, str] = METADATA, waveform: str = "waveform") -> bytes:
    """Mean absolute sample per frame and in all, times fixed vectors, softmax for scores."""
    nodes = [
        helper.make_node("Unsqueeze", [waveform, "one"], ["row"]),
        helper.make_node("Abs", ["row"], ["size"]),
        helper.make_node("AveragePool", ["size"], ["pooled"], kernel_shape=[FRAME], strides=[FRAME]),
        helper.make_node("Transpose", ["pooled"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["frames", "head"], ["frame_logits"]),
        helper.make_node("Softmax", ["frame_logits"], ["frame_scores"], axis=-1),
        helper.make_node("ReduceMean", ["size", "two"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "embed"], ["embedding"]),
        helper.make_node("MatMul", ["mean", "head"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=-1),
    ]
    constants = {"one": np.array([1]), "two": np.array([2]), "embed": EMBED, "head": head}
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "little",
        [tensor(waveform, TensorProto.FLOAT, ["batch", "samples"])],
        [
            tensor("embedding", TensorProto.FLOAT, ["batch", None]),
            tensor("scores", TensorProto.FLOAT, ["batch", None]),
            tensor("frame_scores", TensorProto.FLOAT, ["batch", "frames", None]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "little.onnx"
    path.write_bytes(network())
    return path


@pytest.fixture(scope="module")
def encoder(file: Path) -> CompactEncoder:
    return CompactEncoder(file, threads=1)


def noise(samples: int, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def test_identity(encoder: CompactEncoder, file: Path) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert encoder.identity.encoder_id == f"compact@7+{sha256[:12]}:fp32"
    assert encoder.identity.weights_sha256 == sha256
    assert encoder.identity.dim == 5
    assert encoder.backend == f"onnxruntime-{onnxruntime.__version__}-cpu"
    assert "demonstration encoder" in encoder.notice
    assert encoder.parameters is None


@settings(deadline=None)
@given(lengths=st.lists(st.sampled_from([640, 641, 1279, 1280, 16_000, 16_001]), max_size=12), seed=st.integers(0, 99))
def test_every_waveform_gets_its_own_numbers_in_order(encoder: CompactEncoder, lengths: list[int], seed: int) -> None:
    waveforms = [noise(length, seed + place) for place, length in enumerate(lengths)]
    encodings = encoder.encode(waveforms)
    assert len(encodings) == len(waveforms)
    for waveform, encoding in zip(waveforms, encodings, strict=True):
        mean = np.abs(waveform).mean()
        np.testing.assert_allclose(encoding.embedding, mean * EMBED[0], atol=1e-5)
        np.testing.assert_allclose(encoding.scores, softmax(mean * HEAD[0]), atol=1e-5)
        assert encoding.embedding.dtype == encoding.scores.dtype == np.float32


def test_frames(encoder: CompactEncoder) -> None:
    waveform = noise(16_000, 3)
    frames = encoder.encode_frames(waveform)
    means = np.abs(waveform).reshape(25, FRAME).mean(axis=1, keepdims=True)
    assert frames.hz == 25
    np.testing.assert_allclose(frames.scores, softmax(means * HEAD), atol=1e-5)
    encoding = encoder.encode([waveform])[0]
    assert encoding.frames.hz == 25
    np.testing.assert_array_equal(encoding.frames.scores, frames.scores)
    with pytest.raises(QueryError, match="no embeddings of frames"):
        encoder.encode_frames(waveform, embeddings=True)


def test_frames_of_a_long_recording_come_in_stretches_that_meet_in_a_pause(
    encoder: CompactEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    waveform = noise(100 * 16_000 + 17, 4)
    run, lengths = CompactEncoder._run, []

    def listen(self: CompactEncoder, part: np.ndarray) -> list[np.ndarray]:
        lengths.append(len(part))
        return run(self, part)

    monkeypatch.setattr(CompactEncoder, "_run", listen)
    frames = encoder.encode_frames(waveform, pauses_s=[20, 46.04, 90])
    means = np.abs(waveform[: 2500 * FRAME]).reshape(2500, FRAME).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(frames.scores, softmax(means * HEAD), atol=1e-5)
    assert lengths == [1151 * FRAME, len(waveform) - 1151 * FRAME]


def test_refused_waveforms(encoder: CompactEncoder) -> None:
    with pytest.raises(TooShortError, match="639 samples"):
        encoder.encode([noise(16_000, 0), noise(639, 0)])
    with pytest.raises(NotFiniteError):
        encoder.encode_frames(np.full(16_000, np.inf, np.float32))


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="pip install --force-reinstall emovec-db"):
        CompactEncoder(tmp_path / "compact.onnx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an ONNX network"),
        (b"not onnx", "is not an ONNX network"),
        (network()[:-100], "is not an ONNX network"),
        (network(metadata={"name": "compact"}), "lacks the metadata frame_rate_hz, revision"),
        (network(head=HEAD[:, :8]), r"scores \(2, 8\)"),
        (network(metadata=METADATA | {"frame_rate_hz": "50"}), r"expected \(2, dim\), \(2, 9\), \(2, 50, 9\)"),
        (network(waveform="sound"), "does not take waveform"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "compact.onnx"
    path.write_bytes(content)
    with pytest.raises(BadWeightsError, match=message):
        CompactEncoder(path)


def test_threads_and_spinning_are_set(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    session = onnxruntime.InferenceSession

    def record(content: bytes, options: onnxruntime.SessionOptions, **more: object) -> onnxruntime.InferenceSession:
        made.append(options)
        return session(content, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", record)
    CompactEncoder(file, threads=3)
    assert made[0].intra_op_num_threads == 3
    assert made[0].inter_op_num_threads == 1
    assert made[0].get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_the_bundled_file() -> None:
    encoder = CompactEncoder(threads=1)
    assert (encoder.identity.name, encoder.identity.dim, encoder.frame_rate_hz) == ("compact", 256, 25)
    waveforms = [0.1 * noise(samples, samples) for samples in (640, 16_000, 40_000)]
    for waveform, encoding in zip(waveforms, encoder.encode(waveforms), strict=True):
        frames = encoder.encode_frames(waveform)
        assert encoding.scores.sum() == pytest.approx(1, abs=1e-5)
        assert abs(len(frames.scores) - len(waveform) / 640) <= 1
        np.testing.assert_allclose(frames.scores.sum(axis=1), 1, atol=1e-5)
        np.testing.assert_array_equal(encoder.encode([waveform])[0].embedding, encoding.embedding)
    assert len(encoder.encode_frames(0.1 * noise(200 * 16_000, 1)).scores) == 200 * 25
