"""Maps through the facade: positions against scikit-learn, samples, what is kept, and what is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from emovec_db.database import Collection, Database
from emovec_db.domain.space_map import GREATEST_POSITION, NO_CLUSTER, SpaceMap
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services import kept_maps, maps
from tests.sounds import babble, write

from .conftest import PATTERN


@pytest.fixture
def calls(database: Database, archive: Path) -> Collection:
    collection = database.collection("calls")
    collection.ingest(archive, customer_from=PATTERN)
    return collection


@pytest.fixture
def made(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Space and number of directions of each map that is made from now on and was not kept."""
    methods: list[str] = []

    def remembered(self: maps.Maps, collection: Any, space: Any, drawn: Any, count: int) -> Any:
        methods.append(f"{space.name} {count}")
        return coordinates(self, collection, space, drawn, count)

    coordinates = maps.Maps._coordinates
    monkeypatch.setattr(maps.Maps, "_coordinates", remembered)
    return methods


def vectors_of(database: Database, collection: Collection, found: SpaceMap) -> NDArray[np.float32]:
    with database._parts.store.read() as unit:
        stored = unit.collections.get(collection.name)
        vectors = unit.utterances.vectors(stored, found.points.ids)
    return database._parts.spaces.named(stored, found.space).project(vectors)


@pytest.mark.parametrize("fitted_on", [20_000, 12])
def test_positions_are_those_of_scikit_learn(
    database: Database, calls: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted_on: int
) -> None:
    calls.ingest(*(write(tmp_path / f"{number}.wav", babble(1, seed=number)) for number in range(10)))
    monkeypatch.setattr(maps, "FITTED_ON", fitted_on)
    monkeypatch.setattr(maps, "PAGE", 5)
    found = calls.map(space="embedding")
    assert found.points.ids.tolist() == list(range(1, 19))
    vectors = vectors_of(database, calls, found)
    learned = maps._drawn(found.points.ids, fitted_on, 0)
    oracle = PCA(2).fit(vectors[np.isin(found.points.ids, learned)].astype(np.float64))
    assert found.explained == pytest.approx(tuple(oracle.explained_variance_ratio_), abs=1e-4)
    expected = oracle.transform(vectors)
    expected -= (expected.max(axis=0) + expected.min(axis=0)) / 2
    shown = found.positions.astype(float) - GREATEST_POSITION / 2
    shown *= np.sign((shown * expected).sum(axis=0))
    np.testing.assert_allclose(shown / GREATEST_POSITION, expected / np.ptp(expected, axis=0).max(), atol=2e-3)


def test_a_map_tells_of_each_point_what_is_stored(calls: Collection) -> None:
    run = calls.cluster(2, customer="calm")
    found = calls.map(space="scores", clustering=run.clustering_id)
    assert (found.of, found.method, found.space, found.clustering_id) == (8, "pca", "scores", run.clustering_id)
    members = {
        one.utterance_id: cluster
        for cluster in range(2)
        for one in calls.cluster_members(run.clustering_id, cluster).items
    }
    assert found.clusters is not None
    for at, utterance_id in enumerate(found.points.ids.tolist()):
        utterance = calls.utterance(utterance_id)
        assert found.points.recording_ids[at] == utterance.recording_id
        assert LABELS[found.points.labels[at]] == utterance.prediction.label
        assert found.points.customers.words[found.points.customers.codes[at]] == utterance.customer
        assert found.clusters[at] == members.get(utterance_id, NO_CLUSTER)
    assert (found.clusters == NO_CLUSTER).sum() == 4
    assert calls.map(space="scores").clusters is None


def test_a_filter_chooses_and_tsne_draws(calls: Collection) -> None:
    assert calls.map(customer="cross", label="angry").of == 3
    near = calls.map("tsne", space="embedding", limit=6)
    assert (near.of, len(near.points.ids), near.explained) == (8, 6, None)
    again = calls.map("tsne", space="embedding", limit=6)
    assert again.positions.tolist() == near.positions.tolist()


def test_a_sample_is_drawn_by_seed_and_moves_little(calls: Collection) -> None:
    drawn = {seed: calls.map(limit=5, seed=seed).points.ids.tolist() for seed in range(6)}
    assert all(len(ids) == 5 and sorted(set(ids)) == ids for ids in drawn.values())
    assert len({tuple(ids) for ids in drawn.values()}) > 1
    for seed, ids in drawn.items():
        not_drawn = next(one for one in range(1, 9) if one not in ids)
        everything = np.arange(1, 9)
        kept = maps._drawn(everything[everything != not_drawn], 5, seed)
        assert sorted(kept.tolist()) == ids, "what was not drawn and goes moves nothing"


def test_every_share_is_drawn_evenly() -> None:
    ids = np.arange(1, 20_001)
    for seed in (0, 1, 2**32 - 1):
        drawn = np.sort(maps._drawn(ids, 5_000, seed))
        per_tenth = np.bincount((drawn - 1) // 2_000, minlength=10)
        assert per_tenth.min() > 400
        assert per_tenth.max() < 600


def test_what_is_deleted_is_in_no_map(database: Database, calls: Collection) -> None:
    run = calls.cluster(2)
    before = calls.map(clustering=run.clustering_id)
    gone = calls.utterances(3)[0].utterance_id
    assert gone in before.points.ids
    calls.delete(3)
    assert database._parts.maps._kept._maps == {}, "nothing of it stays in memory"
    for method in ("pca", "tsne"):
        after = calls.map(method, clustering=run.clustering_id)
        assert gone not in after.points.ids
        assert after.of == len(after.points.ids) == 7
    calls.delete_customer("cross")
    assert calls.map().points.customers.words == ("calm",)


def test_what_is_deleted_while_a_map_is_made_is_not_in_it_and_it_is_not_kept(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = maps._drawn

    def deleted_meanwhile(*given: Any) -> NDArray[np.int64]:
        ids = drawn(*given)
        monkeypatch.setattr(maps, "_drawn", drawn)
        calls.delete(2)
        return ids

    def deleted_later(positions: Any) -> Any:
        monkeypatch.setattr(maps, "scaled", scaled)
        calls.delete(5)
        return scaled(positions)

    scaled = maps.scaled
    monkeypatch.setattr(maps, "_drawn", deleted_meanwhile)
    monkeypatch.setattr(maps, "scaled", deleted_later)
    found = calls.map()
    assert found.of == 8
    assert {2, 5}.isdisjoint(found.points.recording_ids.tolist())
    assert len(found.points.ids) == len(found.positions) == 6
    assert database._parts.maps._kept._maps == {}


def test_what_is_deleted_just_before_its_map_is_kept_stays_in_no_memory(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = kept_maps.KeptMaps.keep

    def deleted_before(self: kept_maps.KeptMaps, *given: Any) -> None:
        calls.delete(2)
        keep(self, *given)

    monkeypatch.setattr(kept_maps.KeptMaps, "keep", deleted_before)
    calls.map()
    assert database._parts.maps._kept._maps == {}


def test_a_map_is_kept_until_something_changes(
    calls: Collection, made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = calls.map(space="embedding")
    assert calls.map(space="embedding").positions is first.positions
    run = calls.cluster(2)
    assert calls.map(space="embedding", clustering=run.clustering_id).positions is first.positions
    assert made == ["embedding 2"]
    for other in ({"space": "scores"}, {"seed": 1}, {"limit": 7}, {"label": "angry"}, {"method": "tsne"}):
        calls.map(**{"space": "embedding", **other})  # type: ignore[arg-type]
    assert len(made) == 6
    calls.ingest(write(tmp_path / "new.wav", babble(1, seed=50)))
    assert calls.map(space="embedding").of == 9
    assert len(made) == 7
    monkeypatch.setattr(kept_maps, "MAPS", 2)
    for seed in (0, 1, 2, 0):
        calls.map(space="embedding", seed=seed)
    assert len(made) == 10, "0 was kept, went when 2 came, and was made again"


def test_other_processes_see_what_changed(database: Database, calls: Collection, tmp_path: Path) -> None:
    import emovec_db

    with emovec_db.open(tmp_path / "data") as other:
        there = other.collection("calls")
        assert there.map().of == 8
        calls.delete(1)
        assert 1 not in there.map().points.recording_ids


def test_nonsense_is_refused(calls: Collection, database: Database) -> None:
    for asked, message in (
        ({"method": "mds"}, "unknown method 'mds'"),
        ({"space": "vibes"}, "unknown space 'vibes'"),
        ({"limit": 0}, "limit is 0: expected 1 to 100000"),
        ({"seed": -1}, "seed is -1"),
        ({"customer": "nobody"}, "nothing to show: no utterance of collection 'calls' matches"),
    ):
        with pytest.raises(QueryError, match=message):
            calls.map(**asked)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="no clustering 9"):
        calls.map(clustering=9)
    with pytest.raises(NotFoundError, match="nosuch"):
        database.collection("nosuch").map()
