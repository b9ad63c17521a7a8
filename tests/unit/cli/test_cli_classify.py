"""`emovec classify`."""

from __future__ import annotations

import json
import re
import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from emovec_db.emotions import EMOTIONS, LABELS
from tests.unit.cli.conftest import Run
from tests.unit.cli.fakes import IDENTITY, NOTICE, PREDICTION, SCORES, FakeDatabase, classification

CONTRACT = {"file", "label", "confidence", "scores", "granularity", "encoder", "warnings"}


def test_json_holds_the_contract(run: Run, database: FakeDatabase) -> None:
    outcome = run("classify", "a.wav", "b.mp3", "--json")

    assert (outcome.code, outcome.err) == (0, "")
    assert [answer["file"] for answer in outcome.json] == ["a.wav", "b.mp3"]
    for answer in outcome.json:
        assert answer.keys() >= CONTRACT
        assert "frames" not in answer
        assert answer["label"] == "neutral"
        assert answer["confidence"] == answer["scores"]["neutral"] == 0.65
        assert list(answer["scores"].items()) == list(zip(LABELS, SCORES, strict=True))
        assert answer["granularity"] == "utterance"
        assert answer["encoder"] == IDENTITY.encoder_id
        assert answer["warnings"] == ["narrow_band"]
    assert outcome.out.count("\n") == 1


def test_frames_come_when_asked_for(run: Run, database: FakeDatabase) -> None:
    [answer] = run("classify", "a.wav", "--granularity", "frame", "--json").json

    assert answer["granularity"] == "frame"
    assert answer["frames"]["hz"] == 25
    assert np.shape(answer["frames"]["scores"]) == (62, 9)
    assert database.asked == [("classify", (Path("a.wav"),), {"frames": True, "channel": "mix"})]


def test_a_bad_file_stops_no_other(run: Run, database: FakeDatabase) -> None:
    said = run("classify", "a.wav", "bad\n.txt", "b.wav")
    document = run("classify", "a.wav", "bad\n.txt", "b.wav", "--json")

    assert said.code == document.code == 3
    assert "a.wav" in said.out
    assert "b.wav" in said.out
    assert [answer["file"] for answer in document.json] == ["a.wav", "b.wav"]
    for outcome in (said, document):
        assert r"emovec: bad\n.txt: bad\n.txt is not audio [not_audio]" in outcome.err
        assert "1 of 3 recordings could not be classified" in outcome.err


def test_only_bad_files_leave_an_empty_list(run: Run, database: FakeDatabase) -> None:
    outcome = run("classify", "bad.txt", "--json")

    assert (outcome.code, outcome.json) == (3, [])


def test_people_see_all_nine_scores_the_certainty_and_the_notice(run: Run, database: FakeDatabase) -> None:
    shown = run("classify", "a\x1b[bold].wav").out

    assert r"a\x1b[bold].wav" in shown
    assert "😐 Neutral 中立  65.0 %, likely" in shown
    rows = [line for line in shown.splitlines() if any(f" {emotion.zh} " in line for emotion in EMOTIONS)][1:]
    assert [row.removeprefix("▸ ").split()[0] for row in rows] == list(LABELS)
    assert [row for row in rows if row.startswith("▸")] == [rows[LABELS.index("neutral")]]
    assert "! Narrow band" in shown
    assert IDENTITY.encoder_id in shown
    assert NOTICE in shown


def test_frames_are_shown_second_by_second(run: Run, database: FakeDatabase) -> None:
    lines = run("classify", "a.wav", "--granularity", "frame").out.splitlines()

    assert [line.split()[0] for line in lines if line.startswith("0:0")] == ["0:00.0", "0:01.0", "0:02.0"]
    curves = [line.split()[0] for line in lines if re.search("[▁-█]{40}", line)]
    assert curves == ["happy", "neutral", "sad"], "labels that never reach 10 % stay out"


def test_a_collections_encoder_is_used_when_asked_for(run: Run, database: FakeDatabase) -> None:
    run("classify", "a.wav", "--collection", "calls", "--json")

    assert database.asked == [("collection.classify", (Path("a.wav"),), {"frames": False, "channel": "mix"})]


def test_out_leaves_three_files(run: Run, database: FakeDatabase, tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"
    assert run("classify", "a.wav", "--granularity", "frame", "--out", str(out)).code == 0

    assert sorted(file.name for file in out.iterdir()) == ["embedding.npy", "processed.wav", "result.json"]
    result = json.loads((out / "result.json").read_text())
    assert list(result) == ["emotion", "confidence", "scores", "granularity", "timestamp", "encoder", "frames"]
    assert (result["emotion"], result["confidence"], result["granularity"]) == ("neutral", 0.65, "frame")
    assert result["scores"] == PREDICTION.by_label()
    assert datetime.fromisoformat(result["timestamp"]).tzinfo is not None
    embedding = np.load(out / "embedding.npy")
    assert embedding.dtype == np.dtype("<f4")
    assert embedding.tolist() == [0, 1, 2, 3]
    with wave.open(str(out / "processed.wav")) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (1, 16_000, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    assert np.abs(samples - classification().sound.waveform).max() <= 1 / 32768


def test_several_files_get_a_folder_each(run: Run, database: FakeDatabase, tmp_path: Path) -> None:
    names = ["x/a.wav", "y/a.wav", "a.wav-2", "bad.txt", "z/a.wav"]

    assert run("classify", *names, "--out", str(tmp_path)).code == 3

    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["a.wav", "a.wav-2", "a.wav-2-2", "a.wav-3"]
    assert all(len(list(folder.iterdir())) == 3 for folder in tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_the_users_error(run: Run, database: FakeDatabase, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    outcome = run("classify", "a.wav", "--out", str(tmp_path / "file"))

    assert outcome.code == 2
    assert "can't be written" in outcome.err


@pytest.mark.parametrize("granularity", ["utterance", "frame"])
def test_it_fits_80_columns(
    run: Run, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch, granularity: str
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", "80")

    shown = run("classify", "a.wav", "--granularity", granularity).out

    assert max(cell_len(line) for line in shown.splitlines()) <= 80
