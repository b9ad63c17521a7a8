"""SIGKILL at any moment loses nothing that was committed and doubles nothing."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.command import Emovec
from tests.faults import kill_at_work, make_archive, problems

RECORDINGS = 1_200
KILLS = 10


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("kills") / "archive", RECORDINGS)


def test_ten_kills_then_every_recording_exactly_once(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    chance = random.Random(20)
    command = ("ingest", archive, "--customer-from", "{customer}/*.wav", "--json")
    committed = [kill_at_work(emovec, chance, *command) for _ in range(KILLS)]
    assert all(later > earlier for earlier, later in pairwise([0, *committed])), committed
    assert committed[-1] < RECORDINGS, "the kills came too late: the archive was done"

    checked = emovec.json("check")
    assert checked["consistent"], checked
    assert checked["recordings"] == committed[-1], "what was committed is there after the last kill"

    report = emovec.json(*command[:-1])
    assert report["failed"] == 0
    assert report["ingested"] == RECORDINGS - committed[-1]
    assert report["unchanged"] == committed[-1]
    assert problems(emovec, archive) == []


def run_killed(emovec: Emovec, command: list[str | Path], after_s: float) -> int:
    """Its exit status: -SIGKILL, unless it ended by itself within that time."""
    process = emovec.start(*command)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after_s)
    process.kill()
    process.communicate()
    return int(process.returncode)


def test_a_killed_search_or_check_harms_nothing(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    emovec.json("ingest", archive / "c0")
    expected = emovec.json("check")
    commands: list[list[str | Path]] = [["check"], ["reindex"], ["search", archive / "c0" / "00000.wav"]]
    for command in commands:
        began_s = time.monotonic()
        assert emovec.run(*command).code == 0
        whole_s = time.monotonic() - began_s
        ends = [run_killed(emovec, command, whole_s * part) for part in (0.3, 0.6, 0.8)]
        assert -signal.SIGKILL in ends, "every kill came too late"
    assert emovec.json("check") == expected
