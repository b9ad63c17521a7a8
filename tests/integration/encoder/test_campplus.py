"""CAM++'s embeddings are FunASR's own, and loading it is safe."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.encoder import campplus
from emovec_db.encoder.campplus import CONFIG, WEIGHTS, Campplus
from emovec_db.encoder.checksums import write_checksums
from emovec_db.encoder.fbank import fbank
from emovec_db.encoder.published import CAMPPLUS
from emovec_db.errors import BadWeightsError, MissingPartError
from tests.conftest import require
from tests.sounds import babble

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require(importlib.util.find_spec("funasr") and importlib.util.find_spec("torch"), "FunASR is not installed")
    from tests.voice_models import write_campplus

    return write_campplus(tmp_path_factory.mktemp("models") / CAMPPLUS.name)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A model directory to damage."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def windows(count: int, samples: int = 24_000) -> list[Array]:
    return [babble(samples / 16_000, seed=seed)[:samples] for seed in range(count)]


def test_embeddings_are_those_of_funasr(folder: Path) -> None:
    """FunASR loads the directory itself; it is given the features, which it can't compute without torchaudio."""
    import torch
    from funasr import AutoModel

    oracle = AutoModel(model=str(folder), disable_update=True, disable_pbar=True, log_level="ERROR", device="cpu")
    sounds = windows(5)
    features = torch.from_numpy(fbank(np.stack(sounds)))
    with torch.inference_mode():
        expected = oracle.model(features - features.mean(dim=1, keepdim=True)).numpy()
    ours = Campplus(folder).embed(sounds)
    assert (ours.shape, ours.dtype) == ((5, 192), np.float32)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_embeddings_are_those_of_funasr_from_the_sound_on(folder: Path) -> None:
    require(
        importlib.util.find_spec("kaldi_native_fbank"), "FunASR computes no features: pip install kaldi-native-fbank"
    )
    from funasr import AutoModel

    oracle = AutoModel(model=str(folder), disable_update=True, disable_pbar=True, log_level="ERROR", device="cpu")
    sounds = windows(5)
    expected = np.concatenate([oracle.generate(sound)[0]["spk_embedding"].numpy() for sound in sounds])
    np.testing.assert_allclose(Campplus(folder).embed(sounds), expected, rtol=1e-3, atol=1e-3)


def test_company_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Campplus(folder)
    sounds = windows(5)
    together = network.embed(sounds)
    monkeypatch.setattr(campplus, "BATCH", 2)
    np.testing.assert_allclose(network.embed(sounds), together, rtol=1e-4, atol=1e-5)


def test_the_hash_is_of_weights_and_network(folder: Path, copy: Path, tmp_path: Path) -> None:
    from tests.voice_models import write_campplus

    known = Campplus(folder).sha256
    assert Campplus(copy).sha256 == known
    assert Campplus(write_campplus(tmp_path / "other", seed=1)).sha256 != known
    (copy / CONFIG).write_text((copy / CONFIG).read_text().replace("memory_efficient: true", "memory_efficient: false"))
    assert Campplus(copy).sha256 != known


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named_with_what_to_do(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(MissingPartError, match=rf"lacks {name}\): run emovec models pull campplus, or put"):
        Campplus(copy)


def test_a_file_other_than_it_came_is_refused(copy: Path) -> None:
    write_checksums(copy, [CONFIG, WEIGHTS])
    Campplus(copy)
    with (copy / WEIGHTS).open("r+b") as file:
        file.seek(1000)
        file.write(b"x")
    with pytest.raises(BadWeightsError, match="was changed or damaged"):
        Campplus(copy)


class Bomb:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_weights_run_no_code(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    import torch

    torch.save({"head.conv1.weight": Bomb()}, copy / WEIGHTS)
    with pytest.raises(BadWeightsError, match="can't be read as plain tensors"):
        Campplus(copy)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("CAMPPlus", "ERes2Net", "describes a model 'ERes2Net'"),
        ("growth_rate: 32", "growth_rate: 16", "does not fit its config.yaml"),
        ("growth_rate: 32", "growth: 32", "with growth"),
        ("output_level: segment", "output_level: frame", "other outputs"),
        ("model_conf:", "model_conf: [", "can't be read as CAM"),
    ],
)
def test_another_network_is_refused(copy: Path, before: str, after: str, said: str) -> None:
    text = (copy / CONFIG).read_text()
    assert before in text
    (copy / CONFIG).write_text(text.replace(before, after))
    with pytest.raises(BadWeightsError, match=said):
        Campplus(copy)
