from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.job import JobState
from emovec_db.errors import ConflictError
from emovec_db.store.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=61)


def queue(store: Store, calls: Collection, *uris: str, kind: str = "upload") -> int:
    with store.write() as unit:
        job_id = unit.jobs.create(calls.collection_id, kind)
        unit.items.add(job_id, [(uri, {"blob_key": f"of {uri}"}) for uri in uris])
        return job_id


def claim(store: Store, owner: str, now: datetime = NOW, item_id: int | None = None) -> int | None:
    with store.write() as unit:
        item = unit.items.claim(owner, 60, now, item_id=item_id)
        return None if item is None else item.item_id


def ids_of(store: Store, job_id: int) -> list[int]:
    with store.read() as unit:
        return [item.item_id for item in unit.items.of_job(job_id)]


def test_items_say_what_is_still_to_do(store: Store, calls: Collection) -> None:
    job_id, other = queue(store, calls), queue(store, calls)
    with store.write() as unit:
        ids = unit.items.add(job_id, [("upload:a", {"role": "agent"}), ("upload:b", {})])
        unit.items.add(other, [("upload:a", {})])
        assert unit.items.add(other, []) == ()
        first, second = unit.items.of_job(job_id)
        assert (first.item_id, second.item_id) == ids
        assert (first.uri, first.params, first.attempts) == ("upload:a", {"role": "agent"}, 0)
        assert first.state is JobState.QUEUED
        assert unit.items.of_job(job_id, limit=1) == (first,)
        for item_id in ids:
            claimed = unit.items.claim("w", 60, NOW)
            assert claimed is not None
            assert (claimed.item_id, claimed.state, claimed.attempts) == (item_id, JobState.RUNNING, 1)
        assert unit.items.finish(first.item_id, "w", JobState.DONE, recording_ids=(4, 5))
        assert unit.items.finish(second.item_id, "w", JobState.FAILED, "not_audio", "no sound in it")
        done, failed = unit.items.of_job(job_id)
        assert (done.state, done.recording_ids, done.params) == (JobState.DONE, (4, 5), {})
        assert (failed.code, failed.message, failed.job_id) == ("not_audio", "no sound in it", job_id)
    with pytest.raises(ConflictError), store.write() as unit:
        unit.items.add(job_id, [("upload:a", {})])


def test_uploads_come_first_then_the_oldest(store: Store, calls: Collection) -> None:
    bulk = ids_of(store, queue(store, calls, "a", "b", kind="archive"))
    uploads = ids_of(store, queue(store, calls, "c", "d"))
    assert [claim(store, "w") for _ in range(5)] == [*uploads, *bulk, None]


def test_an_item_can_be_asked_for(store: Store, calls: Collection) -> None:
    first, second = ids_of(store, queue(store, calls, "a", "b"))
    assert claim(store, "w", item_id=second) == second
    assert claim(store, "w2", item_id=second) is None, "a second message for it changes nothing"
    assert claim(store, "w2", item_id=999) is None
    assert claim(store, "w2") == first


def test_an_item_whose_lease_ran_out_goes_to_another_worker(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls, "a")
    (item_id,) = ids_of(store, job_id)
    assert claim(store, "dead") == item_id
    with store.write() as unit:
        assert unit.items.heartbeat(item_id, "dead", 60, NOW + timedelta(seconds=10))
    assert claim(store, "w2", LATER) is None
    later = LATER + timedelta(seconds=10)
    assert claim(store, "w2", later) == item_id
    with store.write() as unit:
        assert not unit.items.heartbeat(item_id, "dead", 60, later)
        assert not unit.items.finish(item_id, "dead", JobState.DONE)
        assert not unit.items.drop(item_id, "dead")
        assert not unit.items.put_back(item_id, "dead", later, 0)
        (item,) = unit.items.of_job(job_id)
        assert (item.state, item.attempts) == (JobState.RUNNING, 2)


def test_workers_that_are_known_to_be_gone_need_not_be_waited_for(store: Store, calls: Collection) -> None:
    first, second = ids_of(store, queue(store, calls, "a", "b"))
    claim(store, "gone")
    claim(store, "well")
    with store.write() as unit:
        assert sorted(unit.items.owners()) == ["gone", "well"]
        unit.items.take_from(["gone"])
        unit.items.take_from([])
    assert claim(store, "w") == first
    assert claim(store, "w") is None
    with store.read() as unit:
        assert sorted(unit.items.owners()) == ["w", "well"]
    assert second != first


def test_an_item_that_was_put_back_waits(store: Store, calls: Collection) -> None:
    (item_id,) = ids_of(store, queue(store, calls, "a"))
    claim(store, "w")
    with store.write() as unit:
        assert unit.items.put_back(item_id, "w", LATER, 0)
    assert claim(store, "w2", LATER - timedelta(seconds=1)) is None
    with store.write() as unit:
        again = unit.items.claim("w2", 60, LATER)
    assert again is not None
    assert (again.item_id, again.attempts, again.params) == (item_id, 1, {"blob_key": "of a"})


def test_parts_keep_the_attempts_of_the_whole(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls, "a")
    claim(store, "w")
    with store.write() as unit:
        (item_id,) = (item.item_id for item in unit.items.of_job(job_id))
        assert unit.items.drop(item_id, "w")
        unit.items.add(job_id, [("a", {}), ("b", {})], attempts=1)
        parts = unit.items.of_job(job_id)
    assert [(part.uri, part.attempts) for part in parts] == [("a", 1), ("b", 1)]
    assert item_id not in {part.item_id for part in parts}


def test_an_item_may_begin_later(store: Store, calls: Collection) -> None:
    job_id = queue(store, calls)
    with store.write() as unit:
        unit.items.add(job_id, [("a", {})], not_before=LATER)
    assert claim(store, "w") is None
    assert claim(store, "w", LATER) is not None


def test_a_blob_is_awaited_until_its_item_is_over(store: Store, calls: Collection) -> None:
    first, second = ids_of(store, queue(store, calls, "a", "b"))
    with store.write() as unit:
        assert unit.items.blob_awaited("of a")
        assert not unit.items.blob_awaited("of c")
        for item_id in (first, second):
            unit.items.claim("w", 60, NOW, item_id=item_id)
            unit.items.finish(item_id, "w", JobState.DONE)
        assert not unit.items.blob_awaited("of a")
