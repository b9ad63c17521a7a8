"""The loop: one job after the other, errors survived, the job in hand finished."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emovec_db.database import Database, open_database
from emovec_db.domain.job import JobState
from emovec_db.settings import read_settings
from emovec_db.worker import run
from tests.sounds import tone, write


class Steps:
    """Stands for a database: each call of run_next_job is the next step."""

    def __init__(self, *steps: Callable[[], Any]) -> None:
        self._steps = list(steps)
        self.owners: list[str] = []

    def run_next_job(self, owner: str) -> Any:
        self.owners.append(owner)
        return self._steps.pop(0)()


def test_errors_are_logged_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()

    def fail() -> None:
        raise RuntimeError("the database went away")

    steps = Steps(fail, fail, lambda: None, stop.set)
    run(steps, stop, 0.001)  # type: ignore[arg-type]
    assert [str(record.exc_info and record.exc_info[1]) for record in caplog.records] == ["the database went away"] * 2
    assert len(steps.owners) == 4
    assert len(set(steps.owners)) == 1


def test_the_job_in_hand_is_finished_and_no_other_begun() -> None:
    stop, begun, go_on, finished = (threading.Event() for _ in range(4))

    def job() -> None:
        begun.set()
        assert go_on.wait(30)
        finished.set()

    steps = Steps(job)
    worker = threading.Thread(target=run, args=(steps, stop, 0.001))
    worker.start()
    assert begun.wait(30)
    stop.set()
    go_on.set()
    worker.join(30)
    assert not worker.is_alive()
    assert finished.is_set()


def test_two_workers_do_every_job_once(tmp_path: Path) -> None:
    with open_database(read_settings(data_dir=tmp_path / "data", encoder="fake")) as database:
        for hz in range(200, 1800, 200):
            content = write(tmp_path / "tone.wav", tone(hz, 1)).read_bytes()
            database.collection().upload(io.BytesIO(content), f"{hz}.wav")
        _run_until_done(database, workers=2)
        jobs = database.jobs().items
        assert {job.state for job in jobs} == {JobState.DONE}
        assert [item.attempts for job in jobs for item in database.job_items(job.job_id)] == [1] * 8
        assert database.collection().summary().recordings == 8
        assert database.collection().check().consistent


def _run_until_done(database: Database, *, workers: int) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=run, args=(database, stop, 0.01)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    waiting = threading.Event()
    while any(job.state in (JobState.QUEUED, JobState.RUNNING) for job in database.jobs().items):
        waiting.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join()
