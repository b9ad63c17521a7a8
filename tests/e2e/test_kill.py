"""SIGKILL at any moment loses nothing that was committed and doubles nothing."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.command import Emovec
from tests.sounds import babble, write

RECORDINGS = 1_200
KILLS = 10


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for seed in range(RECORDINGS):
        customer = folder / f"c{seed % 7}"
        customer.mkdir(exist_ok=True)
        write(customer / f"{seed:04d}.wav", babble(0.5, seed=seed))
    return folder


def stored(emovec: Emovec) -> int:
    """Recordings that are committed now, read without emovec-db."""
    file = emovec.data_dir / "emovec.db"
    if not file.exists():
        return 0
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
    try:
        return int(connection.execute("SELECT count(*) FROM recordings").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # the tables are not there yet
    finally:
        connection.close()


def kill_at_work(emovec: Emovec, archive: Path, chance: random.Random) -> int:
    """Start an ingest, see it commit, let it go on for a random moment, kill it; recordings committed by then."""
    before = stored(emovec)
    process = emovec.start("ingest", archive, "--customer-from", "{customer}/*.wav", "--json")
    deadline = time.monotonic() + 60
    while stored(emovec) == before:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the ingest stored nothing in a minute"
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.15))
    assert process.poll() is None, "the ingest ended before it was killed: not at work any more"
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    return stored(emovec) - before


def test_ten_kills_then_every_recording_exactly_once(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    chance = random.Random(20)
    committed = [kill_at_work(emovec, archive, chance) for _ in range(KILLS)]
    assert all(count > 0 for count in committed), committed
    assert sum(committed) < RECORDINGS, "the kills came too late: the archive was done"

    checked = emovec.json("check")
    assert checked["consistent"], checked
    assert checked["recordings"] == sum(committed), "what was committed is there after the last kill"

    report = emovec.json("ingest", archive, "--customer-from", "{customer}/*.wav")
    assert report["failed"] == 0
    assert report["ingested"] == RECORDINGS - sum(committed)
    assert report["unchanged"] == sum(committed)
    checked = emovec.json("check")
    assert checked == {
        "consistent": True,
        "recordings": RECORDINGS,
        "utterances": RECORDINGS,
        "indexed": RECORDINGS,
        "problems": [],
    }
    connection = sqlite3.connect(emovec.data_dir / "emovec.db")
    sources = connection.execute("SELECT count(*), count(DISTINCT uri) FROM sources").fetchone()
    connection.close()
    assert sources == (RECORDINGS, RECORDINGS)


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
    commands: list[list[str | Path]] = [["check"], ["reindex"], ["search", archive / "c0" / "0000.wav"]]
    for command in commands:
        began_s = time.monotonic()
        assert emovec.run(*command).code == 0
        whole_s = time.monotonic() - began_s
        ends = [run_killed(emovec, command, whole_s * part) for part in (0.3, 0.6, 0.8)]
        assert -signal.SIGKILL in ends, "every kill came too late"
    assert emovec.json("check") == expected
