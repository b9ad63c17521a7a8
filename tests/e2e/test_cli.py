"""The command on real recordings, as a shell runs it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from emovec_db.emotions import LABELS
from tests.e2e.command import Emovec
from tests.sounds import babble, write

FORMATS = "aishell-*"


@pytest.fixture(scope="module")
def emovec(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Emovec:
    """A database with the emotional clips, the speaker as customer."""
    made = Emovec(tmp_path_factory.mktemp("cli") / "data")
    pattern = "{customer}_{sentence}_{acted}_*.wav"
    report = made.json("ingest", shared_data / "fixtures" / "emotional", "--customer-from", pattern)
    counts = {name: report[name] for name in ("ingested", "unchanged", "updated", "refused", "failed", "errors")}
    assert counts == {"ingested": 7, "unchanged": 0, "updated": 0, "refused": 0, "failed": 0, "errors": []}
    return made


def test_the_same_archive_again_adds_nothing(emovec: Emovec, shared_data: Path) -> None:
    report = emovec.json("ingest", shared_data / "fixtures" / "emotional")

    assert (report["ingested"], report["unchanged"], report["updated"]) == (0, 7, 0)


def test_a_stored_recording_finds_itself_first(emovec: Emovec, shared_data: Path) -> None:
    clip = shared_data / "fixtures" / "emotional" / "1050_TIE_SAD_XX.wav"

    document = emovec.json("search", clip, "-k", "3")

    first, *others = document["matches"]
    assert first["uri"] == clip.resolve().as_uri()
    assert first["customer"] == "1050"
    assert first["similarity"] == pytest.approx(1, abs=1e-4)
    assert len(others) == 2
    assert max(match["similarity"] for match in others) < first["similarity"]


def test_filters_choose_by_what_the_path_told(emovec: Emovec) -> None:
    document = emovec.json("list", "--customer", "1001", "--metadata", "acted=ANG")

    assert {item["metadata"]["sentence"] for item in document["items"]} == {"DFA", "IOM"}
    assert {item["customer"] for item in document["items"]} == {"1001"}


def test_classify_answers_for_every_format_and_leaves_files(emovec: Emovec, shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "fixtures" / "formats").glob(FORMATS))
    (tmp_path / "text.wav").write_text("no sound")

    outcome = emovec.run("classify", *files, tmp_path / "text.wav", "--out", tmp_path / "out", "--json")

    assert outcome.code == 3
    assert "text.wav" in outcome.stderr
    assert [answer["file"] for answer in outcome.document] == [str(file) for file in files]
    for answer in outcome.document:
        assert list(answer["scores"]) == list(LABELS)
        assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-5)
        assert answer["confidence"] == max(answer["scores"].values()) == answer["scores"][answer["label"]]
    embeddings = {file.name: np.load(tmp_path / "out" / file.name / "embedding.npy") for file in files}
    same, other = embeddings["aishell-BAC009S0724W0121.wav"], embeddings["aishell-float64.wav"]
    assert np.abs(same - other).max() < 1e-3 * np.abs(same).max(), "one sound as 16 bits and as floating point"


def test_each_channel_of_a_call_is_a_recording_with_its_role(shared_data: Path, tmp_path: Path) -> None:
    call = shared_data / "fixtures" / "calls" / "auto_repairs_40_agent-left_caller-right.flac"
    emovec = Emovec(tmp_path / "data")

    assert emovec.json("ingest", call, "--roles", "left=agent,right=customer")["ingested"] == 2

    items = emovec.json("list")["items"]
    assert {(item["channel"], item["role"]) for item in items} == {("left", "agent"), ("right", "customer")}


def test_cluster_profile_and_check_agree_on_what_is_there(emovec: Emovec) -> None:
    clustering = emovec.json("cluster", "-k", "2")
    profile = emovec.json("profile", "1001")
    check = emovec.json("check")

    assert sum(cluster["size"] for cluster in clustering["clusters"]) == clustering["utterances"] == 7
    assert (profile["recordings"], profile["utterances"]) == (6, 6)
    assert sum(profile["labels"].values()) == pytest.approx(1)
    assert check == {"consistent": True, "recordings": 7, "utterances": 7, "indexed": 7, "problems": []}


def test_an_unknown_collection_is_a_user_error(emovec: Emovec) -> None:
    document = emovec.json("search", "--id", "1", "--collection", "nothing", code=2)

    assert document["code"] == "not_found"
    assert "nothing" in document["message"]


def test_bad_recordings_are_reported_and_the_rest_ingested(shared_data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    good = (shared_data / "fixtures" / "emotional" / "1050_TIE_SAD_XX.wav").read_bytes()
    (archive / "good\n\x1b[31m😀.wav").write_bytes(good)
    (archive / "text.wav").write_text("no sound")
    (archive / "empty.wav").touch()
    emovec = Emovec(tmp_path / "data")

    said = emovec.run("ingest", archive)
    again = emovec.json("ingest", "--retry-failed", code=3)
    listed = emovec.run("list")

    assert said.code == 3
    assert "1 recording ingested" in said.stdout
    assert "emovec ingest --retry-failed" in said.stdout
    assert (again["ingested"], again["failed"]) == (0, 2)
    assert sorted(Path(error["uri"]).name for error in again["errors"]) == ["empty.wav", "text.wav"]
    assert r"good\n\x1b[31m😀.wav" in listed.stdout
    assert "\x1b" not in listed.stdout + said.stdout


def test_progress_goes_to_a_terminal_and_the_document_to_stdout(shared_data: Path, tmp_path: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    screen, terminal = pty.openpty()
    try:
        done = subprocess.run(
            emovec.argv("ingest", shared_data / "fixtures" / "emotional", "--json"),
            env={**emovec.environment, "TERM": "xterm", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=terminal,
            check=True,
            timeout=240,
        )
        shown = os.read(screen, 1 << 16).decode()
    finally:
        os.close(screen)
        os.close(terminal)

    assert "Ingesting" in shown
    assert done.stdout.startswith(b'{"ingested": 7,')
    assert done.stdout.count(b"\n") == 1


def test_ctrl_c_says_how_to_go_on_and_the_next_run_finishes(tmp_path: Path) -> None:
    """More recordings than are in hand at once, so that some are left whenever the signal comes."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for number in range(150):
        write(archive / f"{number}.wav", babble(1, seed=number))
    emovec = Emovec(tmp_path / "data")
    process = emovec.start("ingest", archive)
    deadline = time.monotonic() + 120
    while not (emovec.data_dir / "emovec.db").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=120)

    assert (process.returncode, out) == (130, "")
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    report = emovec.json("ingest", archive)
    assert report["ingested"] + report["unchanged"] == 150
    assert emovec.json("check")["recordings"] == 150


def test_delete_takes_a_recording_out_of_everything(shared_data: Path, tmp_path: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    clip = shared_data / "fixtures" / "emotional" / "1050_TIE_SAD_XX.wav"
    emovec.json("ingest", clip, shared_data / "fixtures" / "emotional" / "1001_IOM_ANG_XX.wav")
    [match] = emovec.json("search", clip, "-k", "1")["matches"]

    assert emovec.run("delete", str(match["recording_id"])).code == 2, "nobody can be asked here"
    gone = emovec.json("delete", str(match["recording_id"]), "--yes")

    assert gone == {"recordings": 1, "utterances": 1, "blobs": 0}
    assert match["uri"] not in [other["uri"] for other in emovec.json("search", clip)["matches"]]


def test_a_reader_that_leaves_early_ends_the_command_quietly(emovec: Emovec) -> None:
    process = emovec.start("list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    _, err = process.communicate(timeout=120)

    assert err == ""
    assert process.returncode == 1


def test_what_needs_no_recordings(emovec: Emovec) -> None:
    [collection] = emovec.json("collections")
    models = emovec.json("models", "list")
    compact = emovec.json("models", "show", "compact")
    migrated = emovec.json("migrate")

    assert (collection["name"], collection["recordings"], collection["encoder"]) == ("default", 7, compact["encoder"])
    assert "compact" in {model["name"] for model in models if model["installed"]}
    assert compact["labels"] == list(LABELS)
    assert migrated["before"] == migrated["after"]
