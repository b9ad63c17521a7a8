from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import func, select

from emovec_db.domain.clustering import NewClustering
from emovec_db.domain.collection import Collection
from emovec_db.domain.job import JobState
from emovec_db.domain.query import Change, Filter
from emovec_db.domain.recording import Source
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError
from emovec_db.store.engine import Engines, parse_url
from emovec_db.store.store import Store
from emovec_db.store.tables import Base
from tests.stored import PROVENANCE, RECIPE, emotion_map, failure, policy_change, recording, refusal, sha256, utterance

#: what stays when all recordings are gone: none of it says anything of them
KEPT = {
    "collections",
    "generations",
    "provenances",
    "changes",
    "jobs",
    "policy_changes",
    "suppressions",
    "fitted_spaces",
}


def rows_by_table(store: Store) -> dict[str, int]:
    engines = Engines.at(parse_url(store.url))
    with engines.read.connect() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    engines.plain.dispose()
    return counts


def fill(store: Store, calls: Collection) -> tuple[int, int]:
    """Two recordings of two customers, with a row in every table; their ids."""
    with store.write() as unit:
        job = unit.jobs.create(calls.collection_id, "upload")
        unit.items.add(job, [("file:///calls/a.wav", {"customer": "c1"}), ("file:///calls/b.wav", {})])
        for uri in ("file:///calls/a.wav", "file:///calls/b.wav"):
            unit.failures.record(calls.collection_id, job, failure(uri, "busy", "try again"), {})
            unit.refusals.record(calls.collection_id, refusal(uri))
        unit.policies.log(calls.collection_id, policy_change("agent", forbidden=True))
        unit.policies.log(calls.collection_id, policy_change("agent", forbidden=False))
        unit.suppressions.add(calls.collection_id, sha256("gone"), "mix")
        first = unit.recordings.add(
            calls, recording("a", customer="c1", utterances=[utterance(1), utterance(2)]), PROVENANCE
        )
        second = unit.recordings.add(calls, recording("b", customer="c2"), PROVENANCE)
        unit.annotations.put({first: "angry", second: "sad"})
        everything = unit.utterances.ids(calls, Filter())
        known = emotion_map("customer:c1", "customer:c2")
        unit.fitted_spaces.replace(calls, unit.fitted_spaces.draw_version(calls), known, utterances=3, seq=3)
        for chosen in (Filter(), Filter(customer="c1")):
            ids = unit.utterances.ids(calls, chosen)
            central = (tuple(ids.tolist()),)
            run = unit.clusterings.add(
                calls,
                NewClustering(
                    k=1,
                    seed=0,
                    space="embedding",
                    filter=chosen,
                    inertia=1.5,
                    silhouette=None,
                    ids=ids,
                    assignment=np.zeros(len(ids), np.int32),
                    labels=({"happy": 1.0},),
                    central=central,
                ),
            )
            unit.clusterings.name(calls, run, 0, "complaints")
        assert len(everything) == 3
    return first, second


def test_a_deleted_recording_leaves_no_row_behind(store: Store, calls: Collection) -> None:
    first, second = fill(store, calls)
    before = rows_by_table(store)
    assert all(before.values()), before
    with store.write() as unit:
        unit.recordings.delete(calls, [first, 99])
    with store.read() as unit:
        assert unit.changes.since(calls, 3) == (Change(4, 1, False), Change(5, 2, False))
        assert unit.collections.customers(calls.collection_id) == ("c2",)
        assert [each.filter for each in unit.clusterings.page(calls, None, 9).items] == [Filter()]
        assert [item.uri for item in unit.failures.of_collection(calls.collection_id)] == ["file:///calls/b.wav"]
        assert set(unit.fitted_spaces.read(calls).offsets) == {"customer:c2"}
        assert unit.fitted_spaces.state(calls) == (1, 1)
        assert [found.tolist() for found in unit.annotations.of_utterances(calls)] == [[3], [LABELS.index("sad")]]
        assert list(unit.integrity.problems(calls)) == []
        with pytest.raises(NotFoundError):
            unit.recordings.get(calls.collection_id, first)
        assert unit.jobs.page(None, None, 1).items[0].state is JobState.QUEUED
    with store.write() as unit:
        unit.recordings.delete(calls, [second])
        assert unit.jobs.page(None, None, 1).items[0].state is JobState.CANCELLED, "nothing of it is left to do"
    with store.read() as unit:
        assert unit.fitted_spaces.find(calls) is None
    left = {table: rows for table, rows in rows_by_table(store).items() if rows}
    assert set(left) <= KEPT, left
    assert left["changes"] == 6
    with store.write() as unit:
        assert unit.fitted_spaces.draw_version(calls) == 2, "a version never comes again"


def test_ids_are_never_reused(store: Store, calls: Collection) -> None:
    seen: set[int] = set()
    utterances: set[int] = set()
    for turn in range(3):
        with store.write() as unit:
            recording_id = unit.recordings.add(calls, recording(f"turn {turn}"), PROVENANCE)
            (new,) = unit.utterances.of_recording(calls, recording_id)
        assert recording_id not in seen
        assert new.utterance_id not in utterances
        seen.add(recording_id)
        utterances.add(new.utterance_id)
        with store.write() as unit:
            unit.recordings.delete(calls, [recording_id])


def test_other_collections_and_generations(store: Store, calls: Collection) -> None:
    """Recordings of another collection stay; utterances of every generation go and are logged in theirs."""
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        kept = unit.recordings.add(other, recording("a"), PROVENANCE)
        first = unit.recordings.add(calls, recording("a"), PROVENANCE)
        # the generation of a re-encoding, beside the active one
        following = replace(calls, generation=other.generation)
        (again,) = unit.utterances.add(following, first, [utterance(5)], PROVENANCE)
    with store.write() as unit:
        unit.recordings.delete(calls, [first, kept])
    with store.read() as unit:
        assert unit.recordings.get(other.collection_id, kept).recording_id == kept
        assert [change.added for change in unit.changes.since(calls, 0)] == [True, False]
        assert [change.utterance_id for change in unit.changes.since(following, 0)] == [again, again]


def test_a_blob_is_given_back_with_its_last_recording(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        left = unit.recordings.add(calls, recording("a", channel="left", blob_key="aa/1"), PROVENANCE)
        right = unit.recordings.add(calls, recording("a", channel="right", blob_key="aa/1"), PROVENANCE)
        alone = unit.recordings.add(calls, recording("b", blob_key="bb/2"), PROVENANCE)
        without = unit.recordings.add(calls, recording("c"), PROVENANCE)
        assert unit.recordings.blob_keys(calls.collection_id) == ((left, "aa/1"), (right, "aa/1"), (alone, "bb/2"))
    with store.write() as unit:
        assert unit.recordings.delete(calls, [left, without]) == ()
        assert unit.recordings.blob_in_use("aa/1")
        assert unit.recordings.delete(calls, [right, alone]) == ("aa/1", "bb/2")
        assert not unit.recordings.blob_in_use("aa/1")


def test_more_recordings_than_a_statement_takes(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        ids = [unit.recordings.add(calls, recording(f"r{number}"), PROVENANCE) for number in range(20)]
        unknown = list(range(1_000, 3_500))
        unit.recordings.delete(calls, [*ids[:7], *unknown, *ids[7:-1]])
        assert unit.utterances.count(calls) == 1
        assert unit.changes.head(calls.collection_id) == 39


def test_deleting_all_sources_of_a_replaced_file_keeps_the_newer_recording(store: Store, calls: Collection) -> None:
    uri = "file:///calls/a.wav"
    with store.write() as unit:
        old = unit.recordings.add(calls, recording("a"), PROVENANCE)
        newer = Source(uri=uri, size_bytes=9, mtime_ns=9)
        new = unit.recordings.add(calls, recording("b", source=newer), PROVENANCE)
        unit.recordings.delete(calls, [old])
        assert unit.recordings.sources(calls.collection_id, [uri]) == {(uri, "mix"): (new, newer)}
        assert unit.recordings.by_bytes(calls.collection_id, sha256("a")) == ()


@pytest.mark.parametrize(
    "named",
    [
        Filter(customer="c1"),
        Filter(speaker="s1"),
        Filter(metadata={"case_id": "4711"}),
        Filter(where="customer = c1 or customer = c2"),
        Filter(where="not (speaker = s1 and angry > 0.1)"),
        Filter(where="customer in (c2, c1)"),
        Filter(where="metadata.case_id = 4711 or customer = c2"),
        Filter(where="not metadata.case_id in (4712, 4711)"),
        Filter(where="angry > 0 or metadata.caller = 'Ana Lima'"),
    ],
)
def test_clusterings_that_name_what_is_deleted_go(store: Store, calls: Collection, named: Filter) -> None:
    theirs = {"case_id": 4711, "caller": "Ana Lima", "queue": "sales"}
    kept = [
        Filter(where="customer = c2 or angry > 0"),
        Filter(where="metadata.queue = sales or metadata.case_id = 4712"),
        Filter(metadata={"queue": "sales"}),
        Filter(where="not metadata.case_id = 9999 and metadata.case_id > 4710"),
    ]
    with store.write() as unit:
        first = unit.recordings.add(calls, recording("a", customer="c1", speaker="s1", metadata=theirs), PROVENANCE)
        other = unit.recordings.add(
            calls, recording("b", customer="c2", metadata={"case_id": 4712, "queue": "sales"}), PROVENANCE
        )
        again = unit.recordings.add(calls, recording("c", customer="c1", speaker="s1", metadata=theirs), PROVENANCE)
        ids = unit.utterances.ids(calls, Filter())
        for chosen in (named, *kept):
            unit.clusterings.add(calls, run_of(ids, chosen))
    for gone, left in ((first, [named, *kept]), (again, kept), (other, [])):
        with store.write() as unit:
            unit.recordings.delete(calls, [gone])
        with store.read() as unit:
            assert [each.filter for each in reversed(unit.clusterings.page(calls, None, 9).items)] == left


def run_of(ids: NDArray[np.int64], chosen: Filter) -> NewClustering:
    """A run of one cluster that holds these utterances, whatever the filter says."""
    return NewClustering(
        k=1, seed=0, space="embedding", filter=chosen, inertia=1.5, silhouette=None, ids=ids,
        assignment=np.zeros(len(ids), np.int32), labels=({"happy": 1.0},), central=((int(ids[0]),),),
    )  # fmt: skip
