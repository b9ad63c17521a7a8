from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.errors import EmovecError
from emovec_db.store.store import Store, Unit
from tests.stored import IDENTITY, PROVENANCE, RECIPE, recording


def test_a_read_unit_sees_one_state_throughout(store: Store, calls: Collection) -> None:
    with store.read() as unit:
        assert unit.utterances.count(calls) == 0
        with store.write() as writer:
            writer.recordings.add(calls, recording("a"), PROVENANCE)
        assert unit.utterances.count(calls) == 0
        assert unit.changes.since(calls, 0) == ()
        assert unit.changes.head(calls.collection_id) == 0
    with store.read() as unit:
        assert unit.utterances.count(calls) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda unit, calls: unit.recordings.add(calls, recording("a"), PROVENANCE),
        lambda unit, calls: unit.jobs.create(calls.collection_id, "upload"),
    ],
)
def test_a_read_unit_cant_write(store: Store, calls: Collection, write: Callable[[Unit, Collection], int]) -> None:
    with pytest.raises(EmovecError, match=r"failed: .*(readonly|read-only)"), store.read() as unit:
        write(unit, calls)
    with store.write() as unit:
        assert write(unit, calls) == 1


def test_threads_share_a_store(store: Store, calls: Collection) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for turn in range(5):
                with store.write() as unit:
                    unit.recordings.add(calls, recording(f"{worker}-{turn}", customer="shared"), PROVENANCE)
                with store.read() as unit:
                    assert len(unit.utterances.ids(calls, Filter())) == unit.changes.head(calls.collection_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.read() as unit:
        assert unit.changes.head(calls.collection_id) == 30
        assert list(unit.integrity.problems(calls)) == []


def test_a_forked_child_opens_connections_of_its_own(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        unit.recordings.add(calls, recording("parent"), PROVENANCE)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with store.write() as unit:
                unit.recordings.add(calls, recording("child"), PROVENANCE)
            store.close()
            code = 0
        finally:
            os._exit(code)
    with store.write() as unit:
        unit.recordings.add(calls, recording("parent again"), PROVENANCE)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with store.read() as unit:
        assert unit.utterances.count(calls) == 3
        assert list(unit.integrity.problems(calls)) == []


def test_a_closed_store_opens_again(store: Store, calls: Collection) -> None:
    store.close()
    store.close()
    with store.read() as unit:
        assert unit.collections.get("calls") == calls


def test_opening_again_finds_everything(store: Store, calls: Collection) -> None:
    again = Store.open(store.url)
    with again.read() as unit:
        assert unit.collections.get("calls") == calls
    again.close()
    assert store.compact()


def test_rows_that_contradict_each_other_are_found(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        unit.recordings.add(calls, recording("a"), PROVENANCE)
        unit.recordings.add(calls, recording("b", utterances=[]), PROVENANCE)
        for table in ("embeddings", "predictions", "tracks", "changes"):
            unit.collections._connection.exec_driver_sql(f"DELETE FROM {table}")
        unit.collections._connection.exec_driver_sql("INSERT INTO changes VALUES (1, 5, 1, 99, true)")
    with store.read() as unit:
        assert list(unit.integrity.problems(calls)) == [
            "utterances without an embedding: 1, the first is 1",
            "utterances without a prediction: 1, the first is 1",
            "recordings without an utterance: 1, the first is 2",
            "recordings without a track: 1, the first is 1",
            "utterances that the change log does not know: 1, the first is 1",
            "utterances of the change log that are not stored: 1, the first is 99",
            "the change log is at 5, but the collection counts 1 changes",
        ]


def test_names_may_be_taken_in_any_collection_only_once_even_in_a_race(store: Store) -> None:
    """Two that create the same collection at once: one gets it, the other a ConflictError."""
    outcomes: list[str] = []

    def create() -> None:
        try:
            with store.write() as unit:
                unit.collections.create("raced", IDENTITY, RECIPE)
            outcomes.append("created")
        except EmovecError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "created"]
