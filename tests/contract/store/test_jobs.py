from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.job import JobProgress, JobState
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.store.store import Store, Unit
from tests.stored import IDENTITY, RECIPE, failure

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=61)


def queue(store: Store, calls: Collection, *uris: str) -> int:
    with store.write() as unit:
        job_id = unit.jobs.create(calls.collection_id, "upload", total=len(uris))
        unit.items.add(job_id, [(uri, {}) for uri in uris])
        return job_id


def start(store: Store, calls: Collection) -> int:
    with store.write() as unit:
        return unit.jobs.start(calls.collection_id, "archive", "cli", 60, total=9)


def do_item(unit: Unit, now: datetime = NOW, *, failed_by_one: bool = True, **counts: int) -> None:
    """Claim the next item and end it with these counts."""
    item = unit.items.claim("w", 60, now)
    assert item is not None
    assert unit.items.finish(item.item_id, "w", JobState.DONE)
    unit.jobs.settle(item.job_id, JobProgress(counts=counts, duration_s=2.5), failed_by_one=failed_by_one)


def test_a_job_waits_then_runs_then_is_done(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls, "a", "b")
    with store.write() as unit:
        job = unit.jobs.get(job_id)
        assert (job.collection, job.kind, job.state, job.total) == ("calls", "upload", JobState.QUEUED, 2)
        assert (job.counts, job.lease_owner, job.started_at, job.done) == ({}, None, None, 0)
        do_item(unit, ingested=2)
        job = unit.jobs.get(job_id)
        assert (job.state, job.counts, job.started_at) == (JobState.RUNNING, {"ingested": 2}, NOW)
        do_item(unit, ingested=1, unchanged=1)
        job = unit.jobs.get(job_id)
    assert (job.state, job.counts, job.error) == (JobState.DONE, {"ingested": 3, "unchanged": 1}, None)
    assert (job.duration_s, job.done) == (5.0, 4)
    assert job.finished_at is not None


@pytest.mark.parametrize(("failed_by_one", "state"), [(True, JobState.FAILED), (False, JobState.DONE)])
def test_a_failure_fails_an_upload_but_no_archive(
    store: Store, calls: Collection, failed_by_one: bool, state: JobState
) -> None:
    job_id = queue(store, calls, "a", "b")
    with store.write() as unit:
        do_item(unit, failed_by_one=failed_by_one, failed=1)
        do_item(unit, failed_by_one=failed_by_one, ingested=1)
        assert unit.jobs.get(job_id).state is state


def test_a_job_in_the_foreground_is_held_from_its_start(store: Store, calls: Collection) -> None:
    job_id = start(store, calls)
    with store.write() as unit:
        job = unit.jobs.get(job_id)
        assert (job.state, job.lease_owner, job.total) == (JobState.RUNNING, "cli", 9)
        assert [one.job_id for one in unit.jobs.held()] == [job_id]
        progress = JobProgress(counts={"ingested": 2}, total=12, duration_s=7.0)
        assert unit.jobs.heartbeat(job_id, "cli", 60, LATER, progress)
        assert not unit.jobs.heartbeat(job_id, "other", 60, LATER, JobProgress(counts={}))
        job = unit.jobs.get(job_id)
        assert (job.lease_until, job.heartbeat_at) == (LATER + timedelta(seconds=60), LATER)
        assert (job.counts, job.total, job.duration_s) == ({"ingested": 2}, 12, 7.0)
        assert not unit.jobs.finish(job_id, "other", JobState.DONE, progress)
        assert unit.jobs.finish(job_id, "cli", JobState.FAILED, progress, "no disk")
        assert unit.jobs.held() == ()
        job = unit.jobs.get(job_id)
    assert (job.state, job.error, job.lease_until) == (JobState.FAILED, "no disk", None)


def test_rate_and_what_is_left(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        job_id = unit.jobs.start(calls.collection_id, "archive", "cli", 60)
        began = unit.jobs.get(job_id).started_at
        assert began is not None
        later = began + timedelta(seconds=10)
        unit.jobs.heartbeat(job_id, "cli", 60, later, JobProgress(counts={"ingested": 20}, total=100))
        job = unit.jobs.get(job_id)
        assert (job.rate_per_s, job.remaining_s) == (2.0, 40.0)
        unit.jobs.heartbeat(job_id, "cli", 60, later, JobProgress(counts={"ingested": 20}))
        assert unit.jobs.get(job_id).remaining_s is None
        unit.jobs.finish(job_id, "cli", JobState.DONE, JobProgress(counts={"ingested": 100}, total=100))
        assert unit.jobs.get(job_id).remaining_s is None


def test_a_job_whose_finder_is_silent_or_gone_is_ended(store: Store, calls: Collection) -> None:
    silent, gone, well = (start(store, calls) for _ in range(3))
    with store.write() as unit:
        for job_id, owner in ((gone, "gone"), (well, "well")):
            unit.jobs.finish(job_id, "cli", JobState.RUNNING, JobProgress(counts={}))
            job_id_again = unit.jobs.start(calls.collection_id, "archive", owner, 10_000)
            assert job_id_again > job_id
        ids = [job.job_id for job in unit.jobs.held()]
        silent_until = unit.jobs.get(silent).lease_until
        assert silent_until is not None
        unit.jobs.abandon(silent_until, ["gone"])
        states = {unit.jobs.get(job_id).state for job_id in ids[:2]}
        assert states == {JobState.FAILED}
        assert [job.lease_owner for job in unit.jobs.held()] == ["well"]
        assert unit.jobs.get(silent).error == "its process died: do the same again to continue"
        # it was only slow after all
        assert unit.jobs.finish(silent, "cli", JobState.DONE, JobProgress(counts={"ingested": 9}))
        assert (unit.jobs.get(silent).state, unit.jobs.get(silent).error) == (JobState.DONE, None)


def test_what_a_lost_finder_had_found_is_still_done(store: Store, calls: Collection) -> None:
    job_id = start(store, calls)
    with store.write() as unit:
        unit.items.add(job_id, [("a", {})])
        unit.jobs.abandon(NOW, ["cli"])
        assert unit.jobs.get(job_id).state is JobState.RUNNING
        do_item(unit, failed_by_one=False, ingested=1)
        job = unit.jobs.get(job_id)
    assert (job.state, job.error) == (JobState.FAILED, "its process died: do the same again to continue")


def test_a_job_is_not_over_while_its_recordings_are_being_found(store: Store, calls: Collection) -> None:
    job_id = start(store, calls)
    with store.write() as unit:
        unit.items.add(job_id, [("a", {})])
        do_item(unit, failed_by_one=False, ingested=1)
        assert unit.jobs.get(job_id).state is JobState.RUNNING


def test_cancelled_stays_cancelled_and_takes_the_last_counts(store: Store, calls: Collection) -> None:
    job_id = start(store, calls)
    queued = queue(store, calls, "a", "b", "c")
    with store.write() as unit:
        in_hand = unit.items.claim("w", 60, NOW)
        assert in_hand is not None
        assert [item.uri for item in unit.items.cancel_waiting(queued)] == ["b", "c"]
        assert unit.jobs.cancel(queued)
        assert unit.jobs.cancel(job_id)
        assert not unit.jobs.cancel(job_id), "it is over already"
        assert unit.jobs.is_cancelled(job_id)
        assert unit.items.claim("other", 60, NOW) is None
        assert not unit.jobs.heartbeat(job_id, "cli", 60, NOW, JobProgress(counts={}))
        assert unit.jobs.finish(job_id, "cli", JobState.DONE, JobProgress(counts={"ingested": 4}))
        assert unit.items.finish(in_hand.item_id, "w", JobState.DONE)
        unit.jobs.settle(queued, JobProgress(counts={"ingested": 1}), failed_by_one=True)
        ended = [unit.jobs.get(one) for one in (job_id, queued)]
        assert [(job.state, job.counts, job.error) for job in ended] == [
            (JobState.CANCELLED, {"ingested": 4}, None),
            (JobState.CANCELLED, {"ingested": 1}, None),
        ]
        assert all(job.finished_at is not None for job in ended)


def test_what_was_in_hand_when_a_job_was_cancelled_is_ended_by_the_next(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls, "a")
    with store.write() as unit:
        unit.items.claim("dead", 60, NOW)
        unit.jobs.cancel(job_id)
        assert unit.items.claim("w", 60, NOW) is None
        again = unit.items.claim("w", 60, LATER)
    assert again is not None
    assert again.uri == "a"


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


def test_a_uri_fails_once_whatever_job_met_it(store: Store, calls: Collection) -> None:
    first, second = queue(store, calls), queue(store, calls)
    with store.write() as unit:
        unit.failures.record(calls.collection_id, first, failure("file:///a"), {})
        unit.failures.record(calls.collection_id, first, failure("file:///b\n🙂", "unreadable", "forbidden"), {})
        again = failure("file:///a", "truncated", "ends early")
        unit.failures.record(calls.collection_id, second, again, {"details": 1})
        a, b = unit.failures.of_collection(calls.collection_id)
        assert (a.uri, a.job_id, a.code, a.message, a.attempts) == (
            "file:///a",
            second,
            "truncated",
            "ends early",
            2,
        )
        assert (b.uri, b.state, b.attempts) == ("file:///b\n🙂", JobState.FAILED, 1)
        assert unit.failures.of_collection(calls.collection_id, limit=1) == (a,)
        assert (unit.failures.of_job(first), unit.failures.of_job(second)) == ((b,), (a,))
        unit.failures.clear(calls.collection_id, ["file:///a", "file:///unknown"])
        assert unit.failures.of_collection(calls.collection_id) == (b,)
        assert unit.items.of_job(second) == ()


def test_errors_by_kind_with_examples(store: Store, calls: Collection) -> None:
    job_id, other = queue(store, calls, "upload:a"), queue(store, calls)
    with store.write() as unit:
        for number, code in enumerate(("silent", "not_audio", "silent", "silent")):
            unit.failures.record(calls.collection_id, job_id, failure(f"file:///{number}", code, f"no {number}"), {})
        unit.failures.record(calls.collection_id, other, failure("file:///x", "silent", "x"), {})
        item = unit.items.claim("w", 60, NOW)
        assert item is not None
        unit.items.finish(item.item_id, "w", JobState.FAILED, "too_long", "an hour")
        kinds = unit.failures.kinds(job_id, 2)
    told = [(kind.code, kind.count, [(one.uri, one.message) for one in kind.examples]) for kind in kinds]
    assert told == [
        ("silent", 3, [("file:///0", "no 0"), ("file:///2", "no 2")]),
        ("not_audio", 1, [("file:///1", "no 1")]),
        ("too_long", 1, [("upload:a", "an hour")]),
    ]


def test_current_jobs_are_those_that_are_open_or_ended_lately(
    store: Store, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(uri: str, when: datetime) -> int:
        job_id = queue(store, calls, uri)
        monkeypatch.setattr("emovec_db.store.rows.now", lambda: when)
        with store.write() as unit:
            do_item(unit, when, ingested=1)
        return job_id

    end("long ago", NOW)
    lately, lately_too = end("a", LATER), end("b", LATER + timedelta(days=1))
    running = start(store, calls)
    waiting = [queue(store, calls, "c"), queue(store, calls, "d")]
    with store.write() as unit:
        other = unit.collections.create("other", IDENTITY, RECIPE).collection_id
        elsewhere = unit.jobs.create(other, "upload")
    with store.read() as unit:
        in_order = [elsewhere, waiting[1], waiting[0]]
        found = unit.jobs.current(None, LATER, 10)
        assert [job.job_id for job in found] == [running, lately_too, lately, *in_order]
        assert found[0] == unit.jobs.get(running)
        assert [job.job_id for job in unit.jobs.current(None, LATER, 2)] == [running, lately_too]
        assert [job.job_id for job in unit.jobs.current(other, LATER, 10)] == [elsewhere]


def test_pages_of_what_failed(store: Store, calls: Collection) -> None:
    job_id, other = start(store, calls), start(store, calls)
    with store.write() as unit:
        for place in range(5):
            code = "not_audio" if place % 2 else "too_long"
            unit.failures.record(calls.collection_id, job_id, failure(f"file:///{place}", code), {})
        unit.failures.record(calls.collection_id, other, failure("file:///other"), {})
    with store.read() as unit:
        first = unit.failures.failed(job_id, None, None, 3)
        rest = unit.failures.failed(job_id, None, first.next_cursor, 3)
        assert [one.uri for one in (*first.items, *rest.items)] == [f"file:///{place}" for place in (4, 3, 2, 1, 0)]
        assert rest.next_cursor is None
        alike = unit.failures.failed(job_id, "not_audio", None, 3)
        assert ([one.uri for one in alike.items], alike.next_cursor) == (["file:///3", "file:///1"], None)
        with pytest.raises(QueryError, match="no cursor of failed items"):
            unit.items.failed(job_id, None, first.next_cursor, 3)


def test_pages_of_items_that_failed(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls, "a", "b", "c", "d")
    with store.write() as unit:
        for code in ("not_audio", None, "refused"):
            item = unit.items.claim("w", 60, NOW)
            assert item is not None
            assert unit.items.finish(item.item_id, "w", JobState.DONE, code, code)
    with store.read() as unit:
        first = unit.items.failed(job_id, None, None, 1)
        rest = unit.items.failed(job_id, None, first.next_cursor, 1)
        assert [(one.uri, one.code) for one in (*first.items, *rest.items)] == [("c", "refused"), ("a", "not_audio")]
        assert rest.next_cursor is None
        assert [one.uri for one in unit.items.failed(job_id, "refused", None, 9).items] == ["c"]
