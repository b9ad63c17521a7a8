"""`emovec models export` and `verify` on a small checkpoint with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import emovec_db
from emovec_db.cli.main import main
from tests.checkpoints import TINY, write_checkpoint
from tests.sounds import babble, write

FIGURES = {
    "max_embedding_deviation",
    "mean_embedding_deviation",
    "max_score_deviation",
    "min_cosine",
    "top1_agreement",
    "clips",
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    write_checkpoint(folder, TINY)
    return folder


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for seed, seconds in enumerate((0.7, 2.0, 3.3)):
        write(folder / f"{seed}.wav", babble(seconds, seed=seed))
    (folder / "broken.wav").write_text("no sound")
    return folder


def test_the_runtime_gives_funasrs_numbers(
    checkpoint: Path, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "verify", str(checkpoint), "--recordings", str(recordings), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == FIGURES
    assert report["clips"] == 3
    assert report["max_embedding_deviation"] <= 1e-5
    assert report["max_score_deviation"] <= 1e-5
    assert report["top1_agreement"] == 1


def test_an_export_is_served_and_verified(
    checkpoint: Path, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = tmp_path / "exported"
    assert main(["models", "export", str(checkpoint), str(exported), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(exported)
    command = ["models", "verify", str(checkpoint), "--recordings", str(recordings), "--onnx", str(exported), "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["max_embedding_deviation"] <= 1e-5
    with emovec_db.open(tmp_path / "data", encoder=str(exported)) as database:
        calls = database.collection("calls")
        assert calls.ingest(recordings).ingested == 3
    with emovec_db.open(tmp_path / "data", encoder=str(checkpoint)) as database:
        best = database.collection("calls").similar(recordings / "1.wav", k=1)[0]
        assert best.similarity == pytest.approx(1, abs=1e-5), "weights and precision are the same"


def test_nothing_to_compare_on_is_a_users_error(checkpoint: Path, tmp_path: Path) -> None:
    assert main(["models", "verify", str(checkpoint), "--recordings", str(tmp_path)]) == 2
