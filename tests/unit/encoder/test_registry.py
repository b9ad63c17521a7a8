"""Encoders by name, directory and hub id."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emovec_db.emotions import LABELS
from emovec_db.encoder import registry
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.encoder.registry import ModelEntry, list_models, load_encoder, show_model
from emovec_db.encoder.verdicts import keep_verdict, lift_verdict, require_no_verdict
from emovec_db.errors import MissingPartError, NotFoundError, ParityError, PrecisionError


def put_model(folder: Path, size_bytes: int = 3) -> Path:
    folder.mkdir(parents=True)
    for name in ("config.yaml", "tokens.txt"):
        (folder / name).touch()
    (folder / "model.pt").write_bytes(b"w" * size_bytes)
    return folder


@dataclass
class Loaded(FakeEncoder):
    """In place of Emotion2Vec+: what it was loaded with."""

    path: Path
    threads: int | None
    device: str
    precision: str

    def __post_init__(self) -> None:
        super().__init__()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Loaded]:
    """What Emotion2Vec+ was loaded with, each time."""
    calls: list[Loaded] = []

    def load(path: Path, **options: Any) -> Loaded:
        calls.append(Loaded(path, **options))
        return calls[-1]

    monkeypatch.setattr(registry, "Emotion2vecEncoder", load)
    return calls


def test_fake(tmp_path: Path) -> None:
    assert isinstance(load_encoder("fake", models_dir=tmp_path), FakeEncoder)


@pytest.mark.parametrize(
    "source", ["emotion2vec_plus_base", "iic/emotion2vec_plus_base", "emotion2vec/emotion2vec_plus_base"]
)
def test_published_names_and_hub_ids(asked: list[Loaded], tmp_path: Path, source: str) -> None:
    load_encoder(source, models_dir=tmp_path, threads=2)
    assert asked == [Loaded(tmp_path / "emotion2vec_plus_base", 2, "auto", "fp32")]


def test_precision_and_device_reach_the_encoder(asked: list[Loaded], tmp_path: Path) -> None:
    load_encoder("emotion2vec_plus_base", models_dir=tmp_path, precision="bf16", device="cuda:1", threads=2)
    assert asked == [Loaded(tmp_path / "emotion2vec_plus_base", 2, "cuda:1", "bf16")]


@pytest.mark.parametrize("source", ["compact", "fake"])
def test_a_precision_that_the_encoder_does_not_have(tmp_path: Path, source: str) -> None:
    load_encoder(source, models_dir=tmp_path, precision="fp32")
    with pytest.raises(
        PrecisionError, match=f"{source} computes at fp32 only, and int8 is asked for: .*unset EMOVEC_P"
    ):
        load_encoder(source, models_dir=tmp_path, precision="int8")


def test_a_refused_variant_is_not_loaded_until_it_passes(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    keep_verdict(tmp_path, encoder, ParityError("fp32 is too far", min_cosine=0.5, clips=3))
    with pytest.raises(ParityError, match=r"^fake@1\+\w+:fp32 on numpy-cpu failed .*: fp32 is too far; or") as refusal:
        load_encoder("fake", models_dir=tmp_path)
    assert refusal.value.detail == {"min_cosine": 0.5, "clips": 3}
    other = FakeEncoder(8)
    require_no_verdict(tmp_path, other)
    lift_verdict(tmp_path, other)
    lift_verdict(tmp_path, encoder)
    load_encoder("fake", models_dir=tmp_path)
    assert [entry.name for entry in list_models(tmp_path)] == [entry.name for entry in list_models(tmp_path / "none")]


def test_own_models_and_directories(asked: list[Loaded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models_dir, elsewhere = tmp_path / "models", tmp_path / "elsewhere"
    put_model(models_dir / "mine")
    put_model(elsewhere / "iic" / "emotion2vec_plus_base")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    for source in ("mine", "iic/emotion2vec_plus_base", str(models_dir / "mine"), "~/models/mine"):
        load_encoder(source, models_dir=models_dir)
    found = models_dir / "mine"
    assert [loaded.path for loaded in asked] == [found, Path("iic/emotion2vec_plus_base"), found, found]


@pytest.mark.parametrize("source", ["emotion2vec_plus_huge", "", "someone/emotion2vec_plus_base", "/nowhere/model"])
def test_unknown_sources(tmp_path: Path, source: str) -> None:
    with pytest.raises(NotFoundError, match="expected one of compact, emotion2vec_plus_large") as caught:
        load_encoder(source, models_dir=tmp_path)
    assert repr(source) in caught.value.message


def test_weights_that_were_not_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    with pytest.raises(MissingPartError, match=r"run emovec models pull emotion2vec_plus_large, or give a directory"):
        load_encoder("emotion2vec_plus_large", models_dir=tmp_path)


def test_extra_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_model(tmp_path / "emotion2vec_plus_large")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "funasr" else name)
    with pytest.raises(MissingPartError, match=r"needs funasr, .* pip install 'emovec-db\[emotion2vec\]'"):
        load_encoder(str(folder), models_dir=tmp_path)


def test_list(tmp_path: Path) -> None:
    put_model(tmp_path / "emotion2vec_plus_seed", 7)
    put_model(tmp_path / "mine", 5)
    (tmp_path / "emotion2vec_plus_base").mkdir()
    put_model(tmp_path / ".emotion2vec_plus_large.pull")
    models = list_models(tmp_path)
    assert [(model.name, model.source, model.installed, model.size_bytes) for model in models[1:]] == [
        ("emotion2vec_plus_large", "iic/emotion2vec_plus_large", False, None),
        ("emotion2vec_plus_base", "iic/emotion2vec_plus_base", False, None),
        ("emotion2vec_plus_seed", "iic/emotion2vec_plus_seed", True, 7),
        ("mine", str(tmp_path / "mine"), True, 5),
    ]
    compact: ModelEntry = models[0]
    assert (compact.name, compact.licence, compact.path.name) == ("compact", "CC BY-NC-SA 4.0", "compact.onnx")
    assert len(list_models(tmp_path / "absent")) == 4


def test_show(tmp_path: Path) -> None:
    shown = show_model("fake", tmp_path)
    assert shown.identity == FakeEncoder().identity
    assert shown.labels == LABELS
    assert (shown.frame_rate_hz, shown.parameters, shown.backend) == (50, 0, "numpy-cpu")
    assert "tests only" in str(shown.notice)


def test_importing_the_registry_loads_no_engine() -> None:
    code = (
        "import sys, emovec_db.encoder.registry, emovec_db.encoder.pull; "
        "print(*{'torch', 'funasr', 'onnxruntime', 'yaml'} & sys.modules.keys())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""
