"""The exported network: FunASR's numbers without FunASR."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovec_db.encoder.checksums import CHECKSUMS
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.onnx_directory import MODEL, OnnxDirectoryEncoder, is_onnx_directory
from emovec_db.errors import BadWeightsError, MissingPartError, UserError
from tests.conftest import require
from tests.integration.encoder.conftest import Oracle
from tests.integration.encoder.test_emotion2vec_batches import RELATIVE_TOLERANCE, TOLERANCE, noise


@pytest.fixture(scope="session")
def exported(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    require(importlib.util.find_spec("onnx"), "onnx is not installed: pip install onnx")
    from emovec_db.encoder.emotion2vec.export import export_directory

    folder = tmp_path_factory.mktemp("onnx") / "tiny"
    assert export_directory(tiny, folder) == folder / MODEL
    assert {file.name for file in folder.iterdir()} == {MODEL, CHECKSUMS}
    return folder


@pytest.fixture(scope="session")
def one_by_one(exported: Path) -> OnnxDirectoryEncoder:
    return OnnxDirectoryEncoder(exported)


@pytest.fixture(scope="session")
def padded(exported: Path) -> OnnxDirectoryEncoder:
    encoder = OnnxDirectoryEncoder(exported)
    encoder._budget_rows = 1000
    return encoder


@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(400, 32_000), min_size=1, max_size=6), seed=st.integers(0, 2**32 - 1))
def test_any_mix_of_lengths(
    one_by_one: OnnxDirectoryEncoder, padded: OnnxDirectoryEncoder, oracle: Oracle, lengths: list[int], seed: int
) -> None:
    waveforms = [noise(samples, seed + place) for place, samples in enumerate(lengths)]
    for encoder in (one_by_one, padded):
        for ours, waveform in zip(encoder.encode(waveforms), waveforms, strict=True):
            _, scores, embedding = oracle.utterance(waveform)
            np.testing.assert_allclose(ours.scores, scores, rtol=0, atol=TOLERANCE)
            np.testing.assert_allclose(ours.embedding, embedding, rtol=RELATIVE_TOLERANCE, atol=TOLERANCE)
            np.testing.assert_allclose(ours.frames.scores, oracle.head(oracle.frames(waveform)), rtol=0, atol=TOLERANCE)


def test_frames(one_by_one: OnnxDirectoryEncoder, encoder: Emotion2vecEncoder) -> None:
    waveform = noise(50_000)
    ours = one_by_one.encode_frames(waveform, embeddings=True)
    expected = encoder.encode_frames(waveform, embeddings=True)
    assert ours.embeddings is not None
    assert expected.embeddings is not None
    np.testing.assert_allclose(ours.scores, expected.scores, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.embeddings, expected.embeddings, rtol=RELATIVE_TOLERANCE, atol=TOLERANCE)


def test_identity_is_that_of_the_weights(one_by_one: OnnxDirectoryEncoder, encoder: Emotion2vecEncoder) -> None:
    """The same numbers, so the same space; the back end tells them apart."""
    assert one_by_one.identity == encoder.identity
    assert one_by_one.parameters == encoder.parameters
    assert one_by_one.backend.startswith("onnxruntime-")


def test_eight_bits(tiny: Path, tmp_path: Path, encoder: Emotion2vecEncoder) -> None:
    from emovec_db.encoder.emotion2vec.export import export_directory

    rounded = OnnxDirectoryEncoder(export_directory(tiny, tmp_path, precision="int8-onnx").parent)
    assert rounded.identity.precision == "int8-onnx"
    waveform = noise(16_000)
    ours, exact = rounded.encode([waveform, noise(400)])[0].embedding, encoder.encode([waveform])[0].embedding
    assert 0.99 < ours @ exact / np.linalg.norm(ours) / np.linalg.norm(exact) < 1 - 1e-9


def test_needs_neither_torch_nor_funasr(exported: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from emovec_db.encoder.onnx_directory import OnnxDirectoryEncoder\n"
        f"print(len(OnnxDirectoryEncoder(Path({str(exported)!r})).encode([np.ones(400, np.float32)])))\n"
        "assert not {'torch', 'funasr', 'onnx', 'yaml'} & set(sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "1\n"


def test_what_cannot_be_served(exported: Path, tmp_path: Path) -> None:
    assert is_onnx_directory(exported)
    assert not is_onnx_directory(tmp_path)
    with pytest.raises(MissingPartError, match="emovec models export"):
        OnnxDirectoryEncoder(tmp_path)
    with pytest.raises(MissingPartError, match="has no TensorrtExecutionProvider"):
        OnnxDirectoryEncoder(exported, device="tensorrt")
    with pytest.raises(UserError, match="'tpu' is unknown"):
        OnnxDirectoryEncoder(exported, device="tpu")
    (tmp_path / MODEL).write_bytes(b"none")
    with pytest.raises(BadWeightsError, match="not an ONNX network"):
        OnnxDirectoryEncoder(tmp_path)


def test_an_export_that_was_changed(exported: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    content = bytearray((copy / MODEL).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / MODEL).write_bytes(content)
    with pytest.raises(BadWeightsError, match=r"model\.onnx was changed or damaged since it came: its sha256 is"):
        OnnxDirectoryEncoder(copy)


def test_another_onnx_network(tmp_path: Path) -> None:
    from emovec_db.encoder.compact import COMPACT_PATH

    shutil.copy(COMPACT_PATH, tmp_path / MODEL)
    with pytest.raises(BadWeightsError, match="was not written by emovec models export"):
        OnnxDirectoryEncoder(tmp_path)


def test_unknown_precision(tiny: Path, tmp_path: Path) -> None:
    from emovec_db.encoder.emotion2vec.export import export_directory

    with pytest.raises(UserError, match="expected one of fp32, int8-onnx"):
        export_directory(tiny, tmp_path, precision="bf16")
