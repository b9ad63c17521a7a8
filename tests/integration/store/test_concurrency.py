"""Several processes on one database."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from typing import Any

import pytest

from emovec_db.domain.query import Change
from emovec_db.store.store import Store
from tests.stored import IDENTITY, PROVENANCE, RECIPE, recording, utterance

WRITERS = 2
RECORDINGS = 30
ITEMS = 20

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def url(empty_url: str) -> str:
    store = Store.open(empty_url)
    with store.write() as unit:
        unit.collections.create("calls", IDENTITY, RECIPE)
    store.close()
    return empty_url


def write(url: str, writer: int) -> None:
    """Recordings of one to three utterances; every tenth is deleted again."""
    store = Store.open(url)
    for number in range(RECORDINGS):
        utterances = [utterance(row) for row in range(1 + number % 3)]
        with store.write() as unit:
            calls = unit.collections.get("calls")
            new = recording(f"{writer}-{number}", customer=f"c{number % 5}", utterances=utterances)
            recording_id = unit.recordings.add(calls, new, PROVENANCE)
        if number % 10 == 9:
            with store.write() as unit:
                unit.recordings.delete(calls, [recording_id])
    store.close()


def follow(url: str, stop_at: int, seen: Queue[list[Change]]) -> None:
    store = Store.open(url)
    changes: list[Change] = []
    while len(changes) < stop_at:
        with store.read() as unit:
            calls = unit.collections.get("calls")
            new = unit.changes.since(calls, changes[-1].seq if changes else 0)
            # what the log says, the tables say in the same snapshot
            gone = {change.utterance_id for change in new if not change.added}
            added = [change.utterance_id for change in new if change.added and change.utterance_id not in gone]
            assert unit.utterances.vectors(calls, added).ids.tolist() == added
        changes += new
        time.sleep(0.005)
    seen.put(changes)
    store.close()


def run(*work: tuple[Callable[..., None], tuple[Any, ...]]) -> list[Any]:
    processes = [spawn.Process(target=target, args=arguments) for target, arguments in work]
    for process in processes:
        process.start()
    return processes


def test_a_reader_beside_two_writers_misses_nothing(url: str) -> None:
    per_writer = sum(1 + number % 3 for number in range(RECORDINGS))
    deleted = sum(1 + number % 3 for number in range(9, RECORDINGS, 10))
    expected = WRITERS * (per_writer + deleted)
    seen: Queue[list[Change]] = spawn.Queue()
    processes = run(*((write, (url, writer)) for writer in range(WRITERS)), (follow, (url, expected, seen)))
    changes = seen.get()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert [change.seq for change in changes] == list(range(1, expected + 1))
    present: set[int] = set()
    for change in changes:
        (present.add if change.added else present.remove)(change.utterance_id)
    store = Store.open(url)
    with store.read() as unit:
        calls = unit.collections.get("calls")
        (stored,) = unit.utterances.all_vectors(calls)
        assert list(unit.integrity.problems(calls)) == []
        assert unit.collections.customers(calls.collection_id) == ("c0", "c1", "c2", "c3", "c4")
    store.close()
    assert stored.ids.tolist() == sorted(present)


def work(url: str, owner: str, taken: Queue[list[int]]) -> None:
    store = Store.open(url)
    mine = []
    while True:
        with store.write() as unit:
            item = unit.items.claim(owner, 600, datetime.now(UTC))
        if item is None:
            break
        mine.append(item.item_id)
    taken.put(mine)
    store.close()


def test_two_workers_never_get_the_same_item(url: str) -> None:
    store = Store.open(url)
    with store.write() as unit:
        job_id = unit.jobs.create(unit.collections.get("calls").collection_id, "archive")
        ids = list(unit.items.add(job_id, [(f"file:///{number}.wav", {}) for number in range(ITEMS)]))
    taken: Queue[list[int]] = spawn.Queue()
    processes = run((work, (url, "w1", taken)), (work, (url, "w2", taken)))
    first, second = taken.get(), taken.get()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert sorted(first + second) == ids
    with store.read() as unit:
        assert {item.attempts for item in unit.items.of_job(job_id)} == {1}
    store.close()


def hold(url: str, ready: Any) -> None:
    """Claim the job inside a transaction that never ends, as a worker that is killed."""
    store = Store.open(url)
    with store.write() as unit:
        unit.items.claim("killed in the act", 600, datetime.now(UTC))
        ready.set()
        spawn.Event().wait()


def test_a_worker_killed_while_it_claims_leaves_the_item_to_others(url: str) -> None:
    store = Store.open(url)
    with store.write() as unit:
        job_id = unit.jobs.create(unit.collections.get("calls").collection_id, "upload")
        (item_id,) = unit.items.add(job_id, [("upload:a", {})])
    ready = spawn.Event()
    process = spawn.Process(target=hold, args=(url, ready))
    process.start()
    ready.wait()
    process.kill()
    process.join()
    claimed = None
    # PostgreSQL needs a moment to notice that the client is gone
    until = datetime.now(UTC) + timedelta(seconds=30)
    while claimed is None and datetime.now(UTC) < until:
        with store.write() as unit:
            claimed = unit.items.claim("next", 600, datetime.now(UTC))
    assert claimed is not None
    assert (claimed.item_id, claimed.attempts) == (item_id, 1)
    store.close()
