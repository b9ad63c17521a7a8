"""Whatever lies in an archive: a clear message each, and the rest is ingested."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.command import Emovec
from tests.sounds import babble, tone, write

GOOD = 3

#: file name: code that its failure carries
BAD = {
    "empty.wav": "not_audio",
    "text.wav": "not_audio",
    "truncated.wav": "truncated",
    "truncated.flac": "truncated",
    "nan.wav": "not_finite",
    "100ms.wav": "too_short",
    "silence.wav": "silent",
    "folder.wav": "unreadable",
    "unreadable.wav": "unreadable",
    "loop.wav": "unreadable",
    "odd\nname 😀.wav": "not_audio",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for seed in range(GOOD - 1):
        write(folder / f"good-{seed}.wav", babble(1.5, seed=seed))
    write(folder / "good\n😀.wav", babble(1.5, seed=9))
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("this is no sound\n" * 50)
    (folder / "odd\nname 😀.wav").write_text("nor is this\n" * 50)
    for suffix in ("wav", "flac"):
        whole = write(folder / f"truncated.{suffix}", babble(4, seed=5)).read_bytes()
        (folder / f"truncated.{suffix}").write_bytes(whole[: len(whole) // 2])
    holed = babble(2, seed=6)
    holed[5_000:5_100] = np.nan
    soundfile.write(folder / "nan.wav", holed, 16_000, subtype="FLOAT")
    write(folder / "100ms.wav", tone(300, 0.1))
    write(folder / "silence.wav", np.zeros(32_000, np.float32))
    (folder / "folder.wav").mkdir()
    # opens, but can't be read, for root too
    (folder / "unreadable.wav").symlink_to("/proc/self/mem")
    (folder / "loop.wav").symlink_to("loop.wav")
    (folder / "below").mkdir()
    (folder / "below" / "up").symlink_to("..")
    return folder


def test_each_fails_with_a_code_and_the_rest_is_ingested(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    report = emovec.json("ingest", archive, code=3)
    assert report["ingested"] == GOOD
    codes = {Path(error["uri"].rsplit("/", 1)[1]).name: error["code"] for error in report["errors"]}
    assert codes.pop("up") == "unreadable", "a folder that holds itself"
    assert codes == {
        name.replace("\n", "%0A").replace(" ", "%20").replace("😀", "%F0%9F%98%80"): code for name, code in BAD.items()
    }
    assert report["failed"] == len(BAD) + 1
    assert all(len(error["message"]) > 15 and "\n" not in error["message"] for error in report["errors"])
    checked = emovec.json("check")
    assert checked["consistent"]
    assert checked["recordings"] == GOOD


def test_a_second_run_tries_again_and_a_mended_file_is_taken(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    first = emovec.json("ingest", archive, code=3)
    second = emovec.json("ingest", archive, code=3)
    assert (second["unchanged"], second["failed"]) == (GOOD, first["failed"])

    write(archive / "empty.wav", babble(1.2, seed=77))
    (archive / "loop.wav").unlink()
    shutil.copy(archive / "good-0.wav", archive / "loop.wav")
    retried = emovec.json("ingest", "--retry-failed", code=3)
    assert retried["ingested"] == 1
    assert retried["updated"] == 1, "the copy is another source of a known recording"
    assert retried["failed"] == first["failed"] - 2


def test_human_output_names_what_failed_without_breaking_the_terminal(tmp_path: Path, archive: Path) -> None:
    outcome = Emovec(tmp_path / "data").run("ingest", archive)
    assert outcome.code == 3
    said = outcome.stdout + outcome.stderr
    assert "odd\nname" not in said
    assert "truncated" in said


def test_nothing_there_is_a_users_error(tmp_path: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    report = emovec.json("ingest", tmp_path / "no-such-folder", code=3)
    assert report["errors"][0]["code"] == "unreadable"
    outcome = emovec.run("classify", tmp_path / "missing.wav")
    assert outcome.code == 3
    assert "missing.wav" in outcome.stdout + outcome.stderr
