"""Jobs: seen, cancelled, tried again, taken over, given up."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from emovec_db.database import Database
from emovec_db.domain.ingest import IngestProgress
from emovec_db.domain.job import Job, JobState
from emovec_db.errors import BusyError, ConflictError, EncoderMismatchError, JobCancelledError, NotFoundError
from emovec_db.services import job_control
from emovec_db.services.ingest import archive as archive_module
from emovec_db.services.ingest import pipeline
from emovec_db.services.ingest.reading import Candidate
from tests.sounds import babble, tone, write

Patch = pytest.MonkeyPatch


def upload(database: Database, hz: float = 400, name: str = "a.wav", collection: str = "default") -> Job:
    content = io.BytesIO()
    soundfile.write(content, tone(hz, 1), 16_000, format="WAV")
    content.seek(0)
    return database.collection(collection).upload(content, name)


def stored_files(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "data" / "recordings").glob("??/*")]


def work_off(database: Database) -> None:
    while database.run_next_job("w") is not None:
        pass


def test_an_ingest_in_the_foreground_is_a_job(database: Database, archive: Path) -> None:
    (archive / "calm" / "notes.wav").write_text("no sound")
    database.collection().ingest(archive)
    (job,) = database.jobs().items
    assert (job.kind, job.state, job.counts, job.total) == ("archive", JobState.DONE, {"ingested": 8, "failed": 1}, 9)
    assert job.duration_s == pytest.approx(8)
    assert job.rate_per_s is not None
    assert job.rate_per_s > 0
    (kind,) = database.job_errors(job.job_id)
    assert (kind.code, kind.count, kind.examples[0].uri.endswith("notes.wav")) == ("not_audio", 1, True)
    assert database.jobs(collection="default").items == (job,)
    with pytest.raises(NotFoundError):
        database.jobs(collection="nosuch")


def test_a_running_ingest_ends_after_the_batch_in_hand(database: Database, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(pipeline, "BATCH_FILES", 4)
    (tmp_path / "many").mkdir()
    for seed in range(12):
        write(tmp_path / "many" / f"{seed}.wav", babble(0.5, seed=seed))

    def cancel(state: IngestProgress) -> None:
        if state.done == 4:
            assert database.cancel_job(database.jobs().items[0].job_id).state is JobState.CANCELLED

    with pytest.raises(JobCancelledError, match="the same ingest goes on from there"):
        database.collection().ingest(tmp_path / "many", progress=cancel)
    (job,) = database.jobs().items
    assert (job.state, job.error) == (JobState.CANCELLED, None)
    # while one batch was written, the next may have been encoded already
    assert job.counts in ({"ingested": 4}, {"ingested": 8})
    assert database.collection().summary().recordings == job.done
    assert database.collection().ingest(tmp_path / "many").ingested == 12 - job.done


def test_an_upload_that_waits_is_dropped_with_its_bytes(database: Database, tmp_path: Path) -> None:
    job = upload(database)
    assert len(stored_files(tmp_path)) == 1
    assert database.cancel_job(job.job_id).state is JobState.CANCELLED
    assert stored_files(tmp_path) == []
    (item,) = database.job_items(job.job_id)
    assert (item.state, item.params) == (JobState.CANCELLED, {})
    assert database.run_next_job("w") is None
    with pytest.raises(ConflictError, match=f"job {job.job_id} is cancelled already"):
        database.cancel_job(job.job_id)


def test_bytes_that_another_upload_waits_for_stay(database: Database, tmp_path: Path) -> None:
    cancelled, kept = upload(database), upload(database, name="b.wav")
    database.cancel_job(cancelled.job_id)
    assert len(stored_files(tmp_path)) == 1
    work_off(database)
    assert database.job(kept.job_id).counts == {"ingested": 1}


def test_an_upload_in_hand_that_is_cancelled_stores_nothing(
    database: Database, tmp_path: Path, monkeypatch: Patch
) -> None:
    job = upload(database)
    during(monkeypatch, lambda: database.cancel_job(job.job_id))
    ended = database.run_next_job("w")
    assert ended is not None
    assert (ended.state, ended.counts) == (JobState.CANCELLED, {})
    assert database.job_items(job.job_id)[0].state is JobState.CANCELLED
    assert database.collection().summary().recordings == 0
    assert stored_files(tmp_path) == []


def test_what_is_over_can_not_be_cancelled(database: Database) -> None:
    job = upload(database)
    work_off(database)
    with pytest.raises(ConflictError, match="is done already"):
        database.cancel_job(job.job_id)
    with pytest.raises(NotFoundError, match="no job 99"):
        database.cancel_job(99)


def stereo(seed: int) -> NDArray[np.float32]:
    return np.column_stack([babble(1, seed=seed), babble(1, seed=seed + 100)])


def failed_ingest(database: Database, tmp_path: Path, files: int) -> Job:
    folder = tmp_path / "broken"
    folder.mkdir()
    for number in range(files):
        (folder / f"{number}.wav").write_text(f"no sound {number}")
    database.collection().ingest(folder, customer="c1", channels=("left", "right"))
    (job,) = database.jobs().items
    assert job.counts == {"failed": 2 * files}
    return job


def test_what_failed_is_tried_again_with_its_details(database: Database, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(job_control, "FILES_PER_ITEM", 2)
    job = failed_ingest(database, tmp_path, 3)
    for number in range(2):
        write(tmp_path / "broken" / f"{number}.wav", stereo(number))
    again = database.retry_job(job.job_id)
    assert (again.state, again.total, again.kind) == (JobState.QUEUED, 6, "archive")
    work_off(database)
    done = database.job(again.job_id)
    assert (done.state, done.counts) == (JobState.DONE, {"ingested": 4, "failed": 2})
    assert {one.details.customer for one in database.collection().recordings().items} == {"c1"}
    assert [kind.count for kind in database.job_errors(again.job_id)] == [1]
    assert database.job_items(again.job_id) == (), "what is over leaves no item, and no name in it"
    with pytest.raises(ConflictError, match="nothing to try again"):
        database.retry_job(job.job_id)
    assert database.retry_job(again.job_id).total == 2


def test_what_can_not_be_tried_again_says_so(database: Database) -> None:
    job = upload(database, hz=0)
    with pytest.raises(ConflictError, match="is queued: wait for it"):
        database.retry_job(job.job_id)
    work_off(database)
    assert database.job(job.job_id).state is JobState.FAILED
    with pytest.raises(ConflictError, match="send the recording again"):
        database.retry_job(job.job_id)


class Died(BaseException):
    """Ends a worker in the middle, as nothing it could catch does."""


def during(monkeypatch: Patch, act: Callable[[], Any]) -> None:
    """Do something while an item is in hand, once."""
    original = archive_module.read

    def read(*arguments: Any) -> Any:
        monkeypatch.setattr(archive_module, "read", original)
        reading = original(*arguments)
        act()
        return reading

    monkeypatch.setattr(archive_module, "read", read)


def dies(*_arguments: Any, **_options: Any) -> Any:
    raise Died


def let_leases_run_out(database: Database) -> None:
    store = database._parts.store
    with store.write() as unit:
        unit.items.take_from(unit.items.owners())


def test_a_recording_that_kills_its_workers_is_set_aside(
    database: Database, tmp_path: Path, monkeypatch: Patch
) -> None:
    """One of three files does; it is found out, the others are stored, and it can be tried again."""
    job = failed_ingest(database, tmp_path, 3)
    for number in range(3):
        write(tmp_path / "broken" / f"{number}.wav", stereo(number))
    original = archive_module.read

    def poisoned(*arguments: Any) -> Any:
        if any(isinstance(one, Candidate) and one.place.name == "1.wav" for one in arguments):
            raise Died
        return original(*arguments)

    monkeypatch.setattr(archive_module, "read", poisoned)
    again = database.retry_job(job.job_id)
    deaths = 0
    while database.job(again.job_id).state.is_open:
        let_leases_run_out(database)
        try:
            database.run_next_job("w")
        except Died:
            deaths += 1
    assert deaths == 3
    done = database.job(again.job_id)
    assert (done.state, done.counts) == (JobState.DONE, {"ingested": 4, "failed": 2})
    (kind,) = database.job_errors(again.job_id)
    assert (kind.code, kind.examples[0].uri[-5:]) == ("crashed", "1.wav")
    monkeypatch.setattr(archive_module, "read", original)
    assert database.collection().ingest(retry_failed=True).ingested == 2


def test_an_upload_that_kills_its_workers_is_given_up(database: Database, tmp_path: Path, monkeypatch: Patch) -> None:
    job = upload(database)
    monkeypatch.setattr(archive_module, "read", dies)
    for _ in range(3):
        with pytest.raises(Died):
            database.run_next_job("w")
        let_leases_run_out(database)
    ended = database.run_next_job("w")
    assert ended is not None
    assert (ended.state, ended.counts) == (JobState.FAILED, {"failed": 1})
    (item,) = database.job_items(job.job_id)
    assert (item.code, item.attempts) == ("crashed", 4)
    assert stored_files(tmp_path) == []


def test_an_error_that_is_not_the_items_fault_costs_it_no_attempt(database: Database, monkeypatch: Patch) -> None:
    from emovec_db.services import job_work

    monkeypatch.setattr(job_work, "PAUSE_S", 0.0)
    job = upload(database)
    for _ in range(5):
        during(monkeypatch, lambda: (_ for _ in ()).throw(BusyError("the database is in use by too many")))
        with pytest.raises(BusyError):
            database.run_next_job("w")
    work_off(database)
    assert database.job(job.job_id).state is JobState.DONE
    assert database.job_items(job.job_id)[0].attempts == 1


def test_an_item_that_was_put_back_is_left_alone_for_a_while(database: Database, monkeypatch: Patch) -> None:
    upload(database)
    during(monkeypatch, lambda: (_ for _ in ()).throw(RuntimeError("a mistake in the code")))
    with pytest.raises(RuntimeError):
        database.run_next_job("w")
    assert database.run_next_job("w") is None


def test_a_job_that_can_not_be_done_at_all_says_why(database: Database, tmp_path: Path, monkeypatch: Patch) -> None:
    job = upload(database)

    def mismatch(*_arguments: Any) -> Any:
        raise EncoderMismatchError("another encoder")

    monkeypatch.setattr("emovec_db.services.encoders.Encoders.of", mismatch)
    work_off(database)
    assert database.job(job.job_id).state is JobState.FAILED
    (item,) = database.job_items(job.job_id)
    assert (item.code, item.message) == ("encoder_mismatch", "another encoder")
    assert stored_files(tmp_path) == []


def test_a_worker_that_was_taken_for_dead_changes_nothing(database: Database, monkeypatch: Patch) -> None:
    """It goes on where another has done its item: one recording, counted once."""
    job = upload(database)

    def another() -> None:
        let_leases_run_out(database)
        work_off(database)

    during(monkeypatch, another)
    database.run_next_job("slow")
    ended = database.job(job.job_id)
    assert (ended.state, ended.counts) == (JobState.DONE, {"ingested": 1})
    assert database.collection().summary().recordings == 1


def test_ends_of_several_items_at_once_end_the_job(database: Database, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(job_control, "FILES_PER_ITEM", 1)
    job = failed_ingest(database, tmp_path, 12)
    again = database.retry_job(job.job_id)
    threads = [threading.Thread(target=work_off, args=(database,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = database.job(again.job_id)
    assert (ended.state, ended.counts) == (JobState.DONE, {"failed": 24})
    assert ended.finished_at is not None
    assert ended.finished_at <= datetime.now(UTC)
