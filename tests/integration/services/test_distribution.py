"""An archive shared out among workers: what is queued, and that it comes to what an ingest comes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from emovec_db.database import Database
from emovec_db.domain.job import JobState
from emovec_db.errors import JobCancelledError, QueryError, UnavailableError
from emovec_db.services import distribution, patience
from emovec_db.store.job_items import JobItems
from emovec_db.store.store import Store, Unit
from tests.sounds import babble, write


def work_off(database: Database) -> None:
    while database.run_next_job("w") is not None:
        pass


def test_it_comes_to_what_an_ingest_comes_to(database: Database, archive: Path) -> None:
    (archive / "calm" / "notes.wav").write_text("no sound")
    (archive / "calm" / "gone.wav").symlink_to("nowhere.wav")
    said = {"customer_from": "{customer}/*.wav"}
    database.collection("here").ingest(archive, **said)
    job = database.collection("there").distribute(archive, **said)
    assert (job.state, job.counts, job.lease_owner) == (JobState.RUNNING, {"failed": 1}, None)
    work_off(database)
    done = database.job(job.job_id)
    assert (done.state, done.counts, done.total) == (JobState.DONE, {"ingested": 8, "failed": 2}, 10)
    stored = {
        name: [(one.uris, one.details, one.summary) for one in database.collection(name).recordings().items]
        for name in ("here", "there")
    }
    assert sorted(stored["here"], key=str) == sorted(stored["there"], key=str)
    assert [kind.code for kind in database.job_errors(job.job_id)] == ["not_audio", "unreadable"]
    assert database.collection("there").check().consistent


def test_the_same_again_queues_nothing(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    job = calls.distribute(archive)
    assert (job.state, job.counts) == (JobState.DONE, {"unchanged": 8})


def test_what_is_named_twice_is_stored_once(database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "FILES_PER_ITEM", 2)
    file = next(archive.rglob("*.wav"))
    job = database.collection("calls").distribute(archive, file, archive, file)
    work_off(database)
    assert database.job(job.job_id).state is JobState.DONE
    assert len(database.collection("calls").recordings().items) == 8


def test_workers_begin_while_it_is_still_shared_out(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "FILES_AT_ONCE", 2)
    taken = []
    parcels = distribution.parcels

    def at_work(*arguments: object) -> object:
        taken.append(database.run_next_job("w"))
        return parcels(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(distribution, "parcels", at_work)
    job = database.collection("calls").distribute(archive)
    assert [one is not None for one in taken] == [False, True, True, True]
    work_off(database)
    assert database.job(job.job_id).counts == {"ingested": 8}


def test_one_that_dies_while_sharing_out_leaves_what_was_queued(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "FILES_AT_ONCE", 2)
    parcels, calls = distribution.parcels, database.collection("calls")

    def dies(*arguments: object) -> object:
        if dies.left == 0:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        dies.left -= 1  # type: ignore[attr-defined]
        return parcels(*arguments)  # type: ignore[arg-type]

    dies.left = 2  # type: ignore[attr-defined]
    monkeypatch.setattr(distribution, "parcels", dies)
    with pytest.raises(KeyboardInterrupt):
        calls.distribute(archive)
    work_off(database)
    (job,) = database.jobs().items
    assert (job.state, job.counts) == (JobState.FAILED, {"ingested": 4})
    assert job.error == "interrupted: run the same again to continue"
    monkeypatch.setattr(distribution, "parcels", parcels)
    again = calls.distribute(archive)
    work_off(database)
    assert database.job(again.job_id).counts == {"ingested": 4, "unchanged": 4}


@pytest.mark.parametrize("committed", [False, True])
def test_a_database_that_is_lost_while_it_is_shared_out_is_waited_for(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """Also where what was queued was committed, and only the answer was lost."""
    monkeypatch.setattr(distribution, "FILES_AT_ONCE", 2)
    monkeypatch.setattr(patience, "PAUSE_S", 0.0)
    write_unit, add, lose = Store.write, JobItems.add, []

    def added(items: JobItems, *arguments: Any, **options: Any) -> Any:
        if not added.seen:  # type: ignore[attr-defined]
            lose.append(True)
            added.seen = True  # type: ignore[attr-defined]
        return add(items, *arguments, **options)

    added.seen = False  # type: ignore[attr-defined]
    monkeypatch.setattr(JobItems, "add", added)

    @contextmanager
    def lost(store: Store) -> Iterator[Unit]:
        losing = False
        with suppress(ZeroDivisionError), write_unit(store) as unit:
            yield unit
            losing = bool(lose)
            if losing and not committed:
                raise ZeroDivisionError
        if losing:
            lose.clear()
            raise UnavailableError("the server ended the connection")

    monkeypatch.setattr(Store, "write", lost)
    job = database.collection("calls").distribute(archive)
    monkeypatch.setattr(Store, "write", write_unit)
    work_off(database)
    assert database.job(job.job_id).counts == {"ingested": 8}


def test_a_cancelled_one_is_shared_out_no_further(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "FILES_AT_ONCE", 2)
    parcels = distribution.parcels

    def cancelled(*arguments: object) -> object:
        database.cancel_job(1)
        monkeypatch.setattr(distribution, "parcels", parcels)
        return parcels(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(distribution, "parcels", cancelled)
    with pytest.raises(JobCancelledError):
        database.collection("calls").distribute(archive)
    work_off(database)
    assert database.job(1).state is JobState.CANCELLED
    assert database.collection("calls").recordings().items == ()


def test_a_request_that_makes_no_sense_queues_nothing(database: Database) -> None:
    with pytest.raises(QueryError):
        database.collection("calls").distribute()
    assert database.jobs().items == ()


def test_a_policy_holds_for_what_workers_take(database: Database, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    write(tmp_path / "archive" / "a.wav", babble(1, seed=1))
    calls = database.collection("calls")
    calls.create()
    calls.forbid_role("agent")
    job = calls.distribute(tmp_path / "archive", role="agent")
    work_off(database)
    assert database.job(job.job_id).counts == {"refused": 1}
    assert calls.recordings().items == ()
