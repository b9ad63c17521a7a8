from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.job import JobState
from emovec_db.errors import ConflictError, NotFoundError, QueryError
from emovec_db.store.store import Store
from tests.stored import RECIPE, failure

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=61)


def queue(store: Store, calls: Collection, kind: str = "upload") -> int:
    with store.write() as unit:
        return unit.jobs.create(calls.collection_id, kind, {"path": "/客户"})


def claim(store: Store, owner: str, now: datetime = NOW) -> int | None:
    with store.write() as unit:
        job = unit.jobs.claim(owner, 60, now)
        return None if job is None else job.job_id


def test_a_job_waits_then_runs_then_is_done(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls)
    with store.write() as unit:
        job = unit.jobs.get(job_id)
        assert (job.collection, job.kind, job.state, job.attempts) == ("calls", "upload", JobState.QUEUED, 0)
        assert (job.params, job.counts, job.lease_owner) == ({"path": "/客户"}, {}, None)
        job = unit.jobs.claim("w1", 60, NOW)
        assert job is not None
        assert (job.job_id, job.state, job.attempts, job.lease_owner) == (job_id, JobState.RUNNING, 1, "w1")
        assert (job.lease_until, job.heartbeat_at) == (NOW + timedelta(seconds=60), NOW)
        assert unit.jobs.heartbeat(job_id, "w1", 60, LATER, {"ingested": 2})
        job = unit.jobs.get(job_id)
        assert (job.lease_until, job.counts) == (LATER + timedelta(seconds=60), {"ingested": 2})
        assert unit.jobs.finish(job_id, "w1", JobState.DONE, {"ingested": 3}, None)
        job = unit.jobs.get(job_id)
    assert (job.state, job.counts, job.error, job.lease_until) == (JobState.DONE, {"ingested": 3}, None, None)
    assert job.finished_at is not None
    assert claim(store, "w2", LATER) is None


def test_the_oldest_waiting_job_comes_first(store: Store, calls: Collection) -> None:
    ids = [queue(store, calls) for _ in range(3)]
    assert [claim(store, "w") for _ in range(4)] == [*ids, None]


def test_a_worker_takes_only_its_kinds(store: Store, calls: Collection) -> None:
    queue(store, calls, "ingest")
    wanted = queue(store, calls, "upload")
    with store.write() as unit:
        first = unit.jobs.claim("w", 60, NOW, kinds=("upload",))
        assert first is not None
        assert first.job_id == wanted
        assert unit.jobs.claim("w", 60, NOW, kinds=("upload",)) is None


def test_a_job_whose_lease_ran_out_goes_to_another_worker(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls)
    assert claim(store, "dead") == job_id
    assert claim(store, "w2", NOW + timedelta(seconds=59)) is None
    assert claim(store, "w2", LATER) == job_id
    with store.write() as unit:
        assert not unit.jobs.heartbeat(job_id, "dead", 60, LATER, {"ingested": 9})
        assert not unit.jobs.finish(job_id, "dead", JobState.DONE, {"ingested": 9}, None)
        job = unit.jobs.get(job_id)
        assert (job.lease_owner, job.state, job.counts, job.attempts) == ("w2", JobState.RUNNING, {}, 2)
        assert unit.jobs.finish(job_id, "w2", JobState.FAILED, {}, "no disk")
        assert unit.jobs.get(job_id).error == "no disk"


def test_a_job_that_kills_its_workers_is_given_up(store: Store, calls: Collection) -> None:
    job_id, following = queue(store, calls), queue(store, calls)
    times = [NOW + timedelta(minutes=2 * turn) for turn in range(4)]
    assert [claim(store, f"w{turn}", now) for turn, now in enumerate(times[:1])] == [job_id]
    with store.write() as unit:
        unit.jobs.finish(following, "nobody", JobState.DONE, {}, None)
        unit.jobs.claim("other", 10_000, NOW)
    assert [claim(store, f"w{turn}", now) for turn, now in enumerate(times[1:])] == [job_id, job_id, None]
    with store.read() as unit:
        job = unit.jobs.get(job_id)
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, "gave up after 3 attempts", 3)
    assert job.finished_at == times[3]


def test_a_job_in_the_foreground_is_held_from_its_start(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        job_id = unit.jobs.create(calls.collection_id, "ingest", {}, state=JobState.RUNNING, owner="cli", lease_s=60)
        job = unit.jobs.get(job_id)
        assert (job.state, job.lease_owner, job.attempts) == (JobState.RUNNING, "cli", 1)
        assert unit.jobs.claim("w", 60, job.created_at) is None
        assert unit.jobs.finish(job_id, "cli", JobState.DONE, {}, None)
    with pytest.raises(QueryError, match="needs an owner and a lease"), store.write() as unit:
        unit.jobs.create(calls.collection_id, "ingest", {}, state=JobState.RUNNING)


def test_a_job_can_only_finish_finished(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls)
    with store.write() as unit, pytest.raises(QueryError, match="can't finish as queued"):
        unit.jobs.finish(job_id, "w", JobState.QUEUED, {}, None)


def test_pages_of_jobs(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
    ids = [queue(store, calls), queue(store, other), queue(store, calls)]
    with store.read() as unit:
        page = unit.jobs.page(None, None, 2)
        assert [job.job_id for job in page.items] == [ids[2], ids[1]]
        assert [job.job_id for job in unit.jobs.page(None, page.next_cursor, 2).items] == [ids[0]]
        assert [job.job_id for job in unit.jobs.page(calls.collection_id, None, 9).items] == [ids[2], ids[0]]
        with pytest.raises(NotFoundError, match="no job 99"):
            unit.jobs.get(99)


def test_items_say_what_is_still_to_do(store: Store, calls: Collection) -> None:
    job_id, other = queue(store, calls), queue(store, calls)
    with store.write() as unit:
        unit.jobs.add_items(job_id, [("upload:a", {"role": "agent"}), ("upload:b", {})])
        unit.jobs.add_items(other, [("upload:a", {})])
        unit.jobs.add_items(other, [])
        first, second = unit.jobs.items(job_id)
        assert (first.uri, first.params, first.state, first.attempts) == (
            "upload:a",
            {"role": "agent"},
            JobState.QUEUED,
            0,
        )
        unit.jobs.finish_item(first.item_id, JobState.DONE, recording_ids=(4, 5))
        unit.jobs.finish_item(second.item_id, JobState.FAILED, "not_audio", "no sound in it")
        done, failed = unit.jobs.items(job_id)
        assert (done.state, done.recording_ids, done.attempts) == (JobState.DONE, (4, 5), 1)
        assert (failed.code, failed.message, failed.job_id) == ("not_audio", "no sound in it", job_id)
        assert unit.jobs.items(job_id, JobState.FAILED) == (failed,)
        assert len(unit.jobs.items(other, JobState.QUEUED)) == 1
    with pytest.raises(ConflictError), store.write() as unit:
        unit.jobs.add_items(job_id, [("upload:a", {})])


def test_a_uri_fails_once_whatever_job_met_it(store: Store, calls: Collection) -> None:
    first, second = queue(store, calls), queue(store, calls)
    with store.write() as unit:
        unit.jobs.record_failure(calls.collection_id, first, failure("file:///a"), {})
        unit.jobs.record_failure(calls.collection_id, first, failure("file:///b\n🙂", "unreadable", "forbidden"), {})
        unit.jobs.record_failure(
            calls.collection_id, second, failure("file:///a", "truncated", "ends early"), {"details": 1}
        )
        a, b = unit.jobs.failures(calls.collection_id)
        assert (a.uri, a.job_id, a.code, a.message, a.attempts) == (
            "file:///a",
            second,
            "truncated",
            "ends early",
            2,
        )
        assert (b.uri, b.state, b.attempts) == ("file:///b\n🙂", JobState.FAILED, 1)
        assert unit.jobs.failures(calls.collection_id, limit=1) == (a,)
        unit.jobs.clear_failures(calls.collection_id, ["file:///a", "file:///unknown"])
        assert unit.jobs.failures(calls.collection_id) == (b,)
        assert unit.jobs.items(second) == ()
