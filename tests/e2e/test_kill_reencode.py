"""SIGKILL of a re-encoding at any moment: the same command goes on, and the collection serves all the while."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import Emovec
from tests.sounds import babble, write

RECORDINGS = 700
KILLS = 5


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for seed in range(RECORDINGS):
        write(folder / f"{seed:04d}.wav", babble(0.5, seed=seed))
    return folder


def in_generation(emovec: Emovec, generation_id: int) -> int:
    """Recordings that are committed to it by now, read without emovec-db."""
    file = f"file:{emovec.data_dir / 'emovec.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True, timeout=10)) as connection:
        of_generation = "SELECT count(*) FROM summaries WHERE generation_id = ?"
        return int(connection.execute(of_generation, (generation_id,)).fetchone()[0])


def kill_at_work(emovec: Emovec, chance: random.Random) -> int:
    """Start a re-encoding, see it commit, let it go on for a random moment, kill it; recordings encoded by then."""
    before = in_generation(emovec, 2)
    process = emovec.start("reencode", "--to", "compact", "--json")
    deadline = time.monotonic() + 60
    while in_generation(emovec, 2) == before:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing was encoded in a minute"
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it ended before it was killed: not at work any more"
    return in_generation(emovec, 2) - before


def test_kills_then_every_recording_once_in_each_generation(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    emovec.json("ingest", archive, "--encoder", "fake")
    chance = random.Random(20)
    encoded = [kill_at_work(emovec, chance) for _ in range(KILLS)]
    assert all(count > 0 for count in encoded), encoded
    assert sum(encoded) < RECORDINGS, "the kills came too late: all was encoded"

    clip = archive / "0000.wav"
    assert emovec.json("search", clip, "-k", "1")["matches"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    serving, building = emovec.json("generations", "list")
    assert (serving["state"], serving["recordings"]) == ("active", RECORDINGS)
    assert (building["state"], building["recordings"]) == ("building", sum(encoded))
    assert emovec.json("check")["consistent"]

    report = emovec.json("reencode", "--to", "compact")
    assert (report["outcome"], report["lost"]) == ("switched", [])
    assert report["encoded"] == RECORDINGS - sum(encoded)
    assert emovec.json("search", clip, "-k", "1")["matches"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    whole = {"consistent": True, "recordings": RECORDINGS, "utterances": RECORDINGS, "indexed": RECORDINGS}
    assert emovec.json("check") == {**whole, "problems": []}
    states = [(one["state"], one["recordings"], one["missing"]) for one in emovec.json("generations", "list")]
    assert states == [("previous", RECORDINGS, 0), ("active", RECORDINGS, 0)]
    with closing(sqlite3.connect(emovec.data_dir / "emovec.db")) as connection:
        twice = "SELECT count(*) FROM utterances GROUP BY recording_id, generation_id HAVING count(*) > 1"
        assert connection.execute(twice).fetchall() == []
        jobs = connection.execute("SELECT state FROM jobs WHERE kind = 'reencode' ORDER BY job_id").fetchall()
    assert jobs == [("failed",)] * KILLS + [("done",)]


def test_ctrl_c_finishes_the_batch_in_hand_and_says_how_to_go_on(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    emovec.json("ingest", archive, "--encoder", "fake")
    process = emovec.start("reencode", "--to", "compact")
    while in_generation(emovec, 2) == 0:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same again goes on from there" in complaint
    (job,) = (one for one in emovec.json("jobs", "list")["items"] if one["kind"] == "reencode")
    done = in_generation(emovec, 2)
    assert (job["state"], job["counts"], job["error"]) == (
        "failed",
        {"encoded": done},
        "stopped after what was in hand; all that was stored is kept, and the same again goes on from there",
    )
    assert 0 < done < RECORDINGS
    assert emovec.json("reencode", "--to", "compact")["encoded"] == RECORDINGS - done
