"""One server, collections of several precisions, and variants that were found too far off."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.cli.main import main
from emovec_db.encoder import verify
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.errors import EncoderMismatchError, ParityError
from tests.sounds import babble, write


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for seed in range(3):
        write(folder / f"{seed}.wav", babble(1.5, seed=seed))
    return folder


def test_each_collection_is_served_at_its_own_precision(tiny: Path, recordings: Path, tmp_path: Path) -> None:
    for precision in ("fp32", "bf16"):
        with emovec_db.open(tmp_path, encoder=str(tiny), precision=precision) as database:
            assert database.collection(precision).ingest(recordings).ingested == 3
    with emovec_db.open(tmp_path, encoder=str(tiny), precision="int8") as database:
        for precision in ("fp32", "bf16"):
            calls = database.collection(precision)
            assert calls.summary().collection.generation.encoder.precision == precision
            heard = calls.classify(recordings / "0.wav")
            assert heard.encoder_id.endswith(f":{precision}")
            alone = Emotion2vecEncoder(tiny, precision=precision).encode([heard.sound.waveform])[0]
            np.testing.assert_allclose(heard.embedding, alone.embedding, rtol=0, atol=0.05)
            assert calls.similar(recordings / "0.wav", k=1)[0].similarity == pytest.approx(1, abs=1e-5)
        assert database.encoder_id().endswith(":int8")
        assert database.collection("new").ingest(recordings).ingested == 3
        assert database.collection("new").summary().collection.generation.encoder.precision == "int8"


def test_an_onnx_directory_has_the_precision_it_was_written_at(tiny: Path, recordings: Path, tmp_path: Path) -> None:
    from emovec_db.encoder.emotion2vec.export import export_directory

    exported = export_directory(tiny, tmp_path / "exported").parent
    with emovec_db.open(tmp_path / "data", encoder=str(tiny), precision="bf16") as database:
        database.collection("calls").ingest(recordings)
    with (
        emovec_db.open(tmp_path / "data", encoder=str(exported)) as database,
        pytest.raises(
            EncoderMismatchError, match=r"'calls' holds .*:bf16: .* computes at fp32 only, and bf16 is asked"
        ),
    ):
        database.collection("calls").classify(recordings / "0.wav")


def test_what_breaks_its_tolerance_is_refused_until_it_passes(
    tiny: Path,
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMOVEC_DATA_DIR", str(tmp_path))
    compare = ["models", "verify", str(tiny), "--recordings", str(recordings), "--precision", "bf16", "--json"]
    strict = dataclasses.replace(verify.TOLERANCES["bf16"], max_score_deviation=0.0)
    monkeypatch.setattr(verify, "TOLERANCES", {"bf16": strict})
    assert main(compare) == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["code"], answer["detail"]["clips"]) == ("parity", 3)
    assert "bf16 is too far from FunASR's numbers on 3 clips" in answer["message"]
    with emovec_db.open(tmp_path, encoder=str(tiny), precision="bf16") as database:
        with pytest.raises(ParityError, match=r"failed emovec models verify: .* max_score_deviation") as refusal:
            database.classify(recordings / "0.wav")
        assert refusal.value.detail["clips"] == 3
        with pytest.raises(ParityError):
            database.collection("calls").ingest(recordings)
    with emovec_db.open(tmp_path, encoder=str(tiny)) as database:
        database.classify(recordings / "0.wav")  # fp32 is another variant
    loose = dataclasses.replace(strict, max_score_deviation=1, min_cosine=0, min_top1_agreement=0)
    monkeypatch.setattr(verify, "TOLERANCES", {"bf16": loose})
    assert main(compare) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 3
    with emovec_db.open(tmp_path, encoder=str(tiny), precision="bf16") as database:
        database.classify(recordings / "0.wav")


def test_onnx_is_exported_for_the_comparison(
    tiny: Path, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOVEC_DATA_DIR", str(tmp_path))
    compare = ["models", "verify", str(tiny), "--recordings", str(recordings), "--json", "--backend"]
    assert main([*compare, "onnx"]) == 0
    assert json.loads(capsys.readouterr().out)["max_embedding_deviation"] <= 1e-5
    assert main([*compare, "numpy"]) == 2
    assert "no back end 'numpy'; expected torch or onnx" in json.loads(capsys.readouterr().out)["message"]
