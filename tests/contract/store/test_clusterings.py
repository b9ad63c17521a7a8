from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.clustering import NewClustering
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.store.store import Store
from tests.stored import JUNE, PROVENANCE, recording

FILTER = Filter(customer="c1", since=JUNE, min_confidence=0.25, metadata={"topic": "退款"})


@pytest.fixture
def run(store: Store, calls: Collection) -> tuple[NewClustering, int]:
    """Six utterances in three clusters, one of them empty."""
    with store.write() as unit:
        for number in range(6):
            unit.recordings.add(calls, recording(f"r{number}", customer="c1"), PROVENANCE)
        ids = unit.utterances.ids(calls, Filter())
        new = NewClustering(
            k=3,
            seed=7,
            space="scores",
            filter=FILTER,
            inertia=2.25,
            silhouette=0.5,
            ids=ids[::-1].copy(),
            assignment=np.array([0, 2, 0, 2, 2, 0], np.int32),
            labels=({"happy": 1.0}, {}, {"happy": 0.5, "sad": 0.5}),
            central=((int(ids[0]), int(ids[3])), (), (int(ids[4]),)),
        )
        return new, unit.clusterings.add(calls, new)


def test_a_run_comes_back_with_its_parameters(store: Store, calls: Collection, run: tuple[NewClustering, int]) -> None:
    new, clustering_id = run
    with store.read() as unit:
        found = unit.clusterings.get(calls, clustering_id)
        members = [unit.clusterings.members(clustering_id, cluster).tolist() for cluster in range(3)]
    assert (found.k, found.seed, found.space, found.filter) == (3, 7, "scores", FILTER)
    assert (found.utterances, found.inertia, found.silhouette) == (6, 2.25, 0.5)
    assert [each.cluster for each in found.clusters] == [0, 1, 2]
    assert [each.size for each in found.clusters] == [3, 0, 3]
    assert tuple(each.labels for each in found.clusters) == new.labels
    assert tuple(tuple(one.utterance_id for one in each.central) for each in found.clusters) == new.central
    assert members == [sorted(new.ids[new.assignment == cluster].tolist()) for cluster in range(3)]


def test_deleted_utterances_drop_out(store: Store, calls: Collection, run: tuple[NewClustering, int]) -> None:
    new, clustering_id = run
    with store.write() as unit:
        gone = unit.utterances.get(calls, new.central[0][0])
        unit.recordings.delete(calls, [gone.recording_id])
    with store.read() as unit:
        first = unit.clusterings.get(calls, clustering_id).clusters[0]
        assert gone.utterance_id not in unit.clusterings.members(clustering_id, 0)
    assert [each.utterance_id for each in first.central] == [new.central[0][1]]
    assert first.size == 3, "as it was when the run was made"


def test_runs_are_paged_and_belong_to_a_generation(
    store: Store, calls: Collection, run: tuple[NewClustering, int]
) -> None:
    new, first = run
    with store.write() as unit:
        second = unit.clusterings.add(calls, new)
        elsewhere = replace(calls, generation=replace(calls.generation, generation_id=99))
        page = unit.clusterings.page(calls, None, 1)
        rest = unit.clusterings.page(calls, page.next_cursor, 1)
        assert [each.clustering_id for each in page.items + rest.items] == [second, first]
        assert rest.next_cursor is None
        assert unit.clusterings.page(elsewhere, None, 9).items == ()
        with pytest.raises(NotFoundError, match=f"no clustering {first} in collection 'calls'"):
            unit.clusterings.get(elsewhere, first)
        with pytest.raises(QueryError, match="no cursor of clusterings"):
            unit.clusterings.page(calls, "nonsense", 1)
