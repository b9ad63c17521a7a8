"""`emovec ingest --watch` as a service runs it: documents on lines, and signals that end it after what is in hand."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import Emovec
from tests.sounds import babble, write


def started(emovec: Emovec, drop: Path, *more: str) -> subprocess.Popen[str]:
    return emovec.start("ingest", drop, "--watch", "--json", *more)


def next_document(process: subprocess.Popen[str]) -> dict[str, int]:
    assert process.stdout is not None
    line = process.stdout.readline()
    document: dict[str, int] = json.loads(line)
    return document


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_batch_is_a_document_and_a_signal_is_a_good_end(tmp_path: Path, number: signal.Signals) -> None:
    emovec = Emovec(tmp_path / "data")
    drop = tmp_path / "drop"
    drop.mkdir()
    write(drop / "first.wav", babble(1, seed=1))
    process = started(emovec, drop)
    try:
        while not (first := next_document(process))["ingested"]:
            assert first["failed"] == 0  # it was still growing at the start
        shutil.move(write(tmp_path / "second.wav", babble(1, seed=2)), drop)
        assert next_document(process)["ingested"] == 1
        process.send_signal(number)
        rest, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, rest) == (0, ""), said
    assert "waiting for recordings in" in said
    assert emovec.json("check")["recordings"] == 2


def test_real_recordings_come_in_as_they_are_copied(tmp_path: Path, shared_data: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    drop = tmp_path / "drop"
    drop.mkdir()
    process = started(emovec, drop, "--customer-from", "{customer}/*")
    try:
        assert next_document(process)["ingested"] == 0
        originals = sorted((shared_data / "fixtures" / "formats").iterdir())
        for original in originals:
            (drop / "anna").mkdir(exist_ok=True)
            shutil.copyfile(original, drop / "anna" / original.name)
        came = 0
        while came < len(originals):
            document = next_document(process)
            assert document["failed"] == 0, document
            came += document["ingested"]
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    listed = emovec.json("list")["items"]
    assert len(listed) == len(originals)
    assert {one["customer"] for one in listed} == {"anna"}
