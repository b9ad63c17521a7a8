from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.clustering import NewClustering
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.store.store import Store, Unit
from tests.stored import JUNE, PROVENANCE, recording, utterance

FILTER = Filter(customer="c1", since=JUNE, min_confidence=0.25, metadata={"topic": "退款"})


def members(unit: Unit, calls: Collection, run: int, cluster: int, limit: int = 100) -> list[int]:
    """Ids on all pages."""
    page = unit.clusterings.members(calls, run, cluster, None, limit)
    ids = [each.utterance_id for each in page.items]
    while page.next_cursor is not None:
        page = unit.clusterings.members(calls, run, cluster, page.next_cursor, limit)
        ids += [each.utterance_id for each in page.items]
    return ids


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
        fewer = unit.clusterings.get(calls, clustering_id, central_of=range(1, 3))
        pages = [[members(unit, calls, clustering_id, each, limit) for each in range(3)] for limit in (2, 9)]
        assigned = dict(zip(*(of.tolist() for of in unit.clusterings.assignment(clustering_id)), strict=True))
    assert (found.k, found.seed, found.space, found.filter) == (3, 7, "scores", FILTER)
    assert (found.utterances, found.inertia, found.silhouette) == (6, 2.25, 0.5)
    assert [each.cluster for each in found.clusters] == [0, 1, 2]
    assert [each.size for each in found.clusters] == [3, 0, 3]
    assert tuple(each.labels for each in found.clusters) == new.labels
    assert tuple(tuple(one.utterance_id for one in each.central) for each in found.clusters) == new.central
    first, *rest = found.clusters
    assert fewer == replace(found, clusters=(replace(first, central=()), *rest))
    by_hand = [sorted(new.ids[new.assignment == cluster].tolist(), reverse=True) for cluster in range(3)]
    assert pages == [by_hand, by_hand]
    assert assigned == dict(zip(new.ids.tolist(), new.assignment.tolist(), strict=True))


def test_deleted_utterances_drop_out(store: Store, calls: Collection, run: tuple[NewClustering, int]) -> None:
    new, clustering_id = run
    with store.write() as unit:
        gone = unit.utterances.get(calls, new.central[0][0])
        unit.recordings.delete(calls, [gone.recording_id])
    with store.read() as unit:
        first = unit.clusterings.get(calls, clustering_id).clusters[0]
        assert gone.utterance_id not in members(unit, calls, clustering_id, 0)
        assert gone.utterance_id not in unit.clusterings.assignment(clustering_id)[0]
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
        (bare,) = unit.clusterings.page(calls, None, 1, central=False).items
        assert any(each.central for each in page.items[0].clusters)
        assert bare == replace(page.items[0], clusters=tuple(replace(each, central=()) for each in bare.clusters))
        assert [each.size for each in bare.clusters] == [each.size for each in page.items[0].clusters]
        with pytest.raises(NotFoundError, match=f"no clustering {first} in collection 'calls'"):
            unit.clusterings.get(elsewhere, first)
        with pytest.raises(QueryError, match="no cursor of clusterings"):
            unit.clusterings.page(calls, "nonsense", 1)


def test_clusters_have_names_until_they_are_taken_away(
    store: Store, calls: Collection, run: tuple[NewClustering, int]
) -> None:
    new, clustering_id = run
    with store.write() as unit:
        other = unit.clusterings.add(calls, new)
        for name in ("complaints", "投诉"):
            unit.clusterings.name(calls, clustering_id, 2, name)
        unit.clusterings.name(calls, clustering_id, 0, "refunds")
        unit.clusterings.name(calls, clustering_id, 0, None)
    with store.read() as unit:
        assert [each.name for each in unit.clusterings.get(calls, clustering_id).clusters] == [None, None, "投诉"]
        assert [each.name for each in unit.clusterings.get(calls, other).clusters] == [None, None, None]
        newest, oldest = unit.clusterings.page(calls, None, 9).items
        assert (newest.clusters[2].name, oldest.clusters[2].name) == (None, "投诉")


def test_a_run_that_is_deleted_leaves_nothing(store: Store, calls: Collection, run: tuple[NewClustering, int]) -> None:
    new, clustering_id = run
    with store.write() as unit:
        other = unit.clusterings.add(calls, new)
        unit.clusterings.name(calls, clustering_id, 1, "complaints")
        unit.clusterings.delete(calls, clustering_id)
        assert len(unit.clusterings.assignment(clustering_id)[0]) == 0
        assert unit.clusterings._names([clustering_id]) == {}
        assert [each.clustering_id for each in unit.clusterings.page(calls, None, 9).items] == [other]
        assert unit.utterances.count(calls) == 6


def test_what_is_not_there_is_said(store: Store, calls: Collection, run: tuple[NewClustering, int]) -> None:
    _, clustering_id = run
    elsewhere = replace(calls, generation=replace(calls.generation, generation_id=99))
    with store.write() as unit:
        for at, cluster, message in (
            (calls, 3, f"no cluster 3 in clustering {clustering_id}: expected 0 to 2"),
            (elsewhere, 0, f"no clustering {clustering_id} in collection 'calls'"),
        ):
            with pytest.raises(NotFoundError, match=message):
                unit.clusterings.name(at, clustering_id, cluster, "complaints")
            with pytest.raises(NotFoundError, match=message):
                unit.clusterings.members(at, clustering_id, cluster, None, 9)
        with pytest.raises(NotFoundError, match="no clustering"):
            unit.clusterings.delete(elsewhere, clustering_id)
        with pytest.raises(QueryError, match="no cursor of members"):
            unit.clusterings.members(calls, clustering_id, 0, "nonsense", 9)


def test_points_tell_recording_label_and_customer(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        made = []
        for number, (customer, label) in enumerate([("b", "sad"), (None, "happy"), ("a", "angry"), ("b", "sad")]):
            heard = utterance(number, label=label)
            new = recording(f"p{number}", customer=customer, utterances=[heard])
            made.append(unit.recordings.add(calls, new, PROVENANCE))
        ids = unit.utterances.ids(calls, Filter()).tolist()
        points = unit.utterances.points(calls, [999, *reversed(ids)])
    assert points.ids.tolist() == ids
    assert points.recording_ids.tolist() == made
    assert [LABELS[label] for label in points.labels] == ["sad", "happy", "angry", "sad"]
    assert points.customers.words == ("a", "b")
    assert points.customers.codes.tolist() == [1, -1, 0, 1]
