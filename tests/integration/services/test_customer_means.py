"""The means of customers that are kept in memory are those of summing up all that is stored, after any changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.profile import NearestCustomer
from emovec_db.domain.query import Vectors
from emovec_db.services.profiles import customer_means
from emovec_db.services.profiles.customer_means import CustomerMeans
from emovec_db.spaces.registry import SPACES
from emovec_db.store.store import Unit
from tests import stored
from tests.stored import PROVENANCE, recording, utterance

DIM = 16
CUSTOMERS = ("ann", "bob", "cem", "dee", "eve", "fay", "gus", None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        opened.collection("calls").create()
        yield opened


@pytest.fixture
def calls(database: Database) -> Collection:
    for number in range(40):
        add(database, number, CUSTOMERS[number % len(CUSTOMERS)])
    return database.collection("calls")


def add(database: Database, number: int, customer: str | None) -> int:
    spoken = [
        replace(utterance(0), embedding=stored.embedding(100 * number + part, DIM), start_s=part, end_s=part + 1.0)
        for part in range(1 + number % 3)
    ]
    with database._parts.store.write() as unit:
        return unit.recordings.add(
            unit.collections.get("calls"), recording(f"r{number}", customer=customer, utterances=spoken), PROVENANCE
        )


def by_hand(unit: Unit, collection: StoredCollection, of: str) -> list[NearestCustomer]:
    """All other customers, nearest first."""
    vectors: dict[str, list[np.ndarray]] = defaultdict(list)
    recordings: dict[str, set[int]] = defaultdict(set)
    for part in unit.utterances.all_vectors(collection):
        projected = SPACES["embedding"].project(part).astype(np.float64)
        for row, one in unit.utterances.rows(collection, part.ids.tolist()).items():
            if one.customer is not None:
                vectors[one.customer].append(projected[part.ids.tolist().index(row)])
                recordings[one.customer].add(one.recording_id)
    means = {name: np.mean(own, axis=0) for name, own in vectors.items()}
    units = {name: mean / np.linalg.norm(mean) for name, mean in means.items()}
    found = [
        NearestCustomer(customer=name, similarity=float(units[of] @ units[name]), recordings=len(recordings[name]))
        for name in units.keys() - {of}
    ]
    return sorted(found, key=lambda one: (-one.similarity, one.customer))


def check(database: Database, calls: Collection, of: str) -> None:
    profile = calls.profile(of, space="embedding")
    with database._parts.store.read() as unit:
        expected = by_hand(unit, unit.collections.get("calls"), of)[:5]
    assert [(one.customer, one.recordings) for one in profile.nearest] == [
        (one.customer, one.recordings) for one in expected
    ]
    np.testing.assert_allclose(
        [one.similarity for one in profile.nearest], [one.similarity for one in expected], atol=1e-5
    )


def test_they_follow_whatever_happens(database: Database, calls: Collection) -> None:
    rng = np.random.default_rng(3)
    check(database, calls, "ann")
    for number in range(40, 64):
        what = rng.integers(4)
        ids = [one.recording_id for one in calls.recordings(limit=200).items if one.details.customer != "ann"]
        if what == 0:
            add(database, number, str(rng.choice(["bob", "new", "ann"])))
        elif what == 1:
            calls.delete(int(rng.choice(ids)))
        elif what == 2:
            chosen = int(rng.choice(ids))
            with database._parts.store.write() as unit:
                unit.recordings.update_details(
                    chosen, replace(stored.recording("x").details, customer=str(rng.choice(["cem", "zoe"])))
                )
        else:
            known = sorted({one.details.customer for one in calls.recordings(limit=200).items} - {"ann", None})
            calls.delete_customer(str(rng.choice([name for name in known if name])))
            add(database, 100 + number, "dee")
            add(database, 200 + number, "eve")
        check(database, calls, "ann")


def test_what_changed_is_read_again_and_nothing_else(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.profile("ann", space="embedding")
    add(database, 77, "bob")

    def all_again(*_: object) -> Iterator[Vectors]:
        raise AssertionError("everything is read again")

    monkeypatch.setattr("emovec_db.store.utterances.Utterances.all_vectors", all_again)
    check_names = [one.customer for one in calls.profile("ann", space="embedding").nearest]
    assert len(check_names) == 5


def test_after_very_many_changes_all_is_summed_up_anew(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_means, "MAX_CHANGES", 3)
    check(database, calls, "ann")
    for number in range(80, 90):
        add(database, number, "bob")
    check(database, calls, "ann")


def test_who_is_deleted_is_in_memory_no_longer(database: Database, calls: Collection) -> None:
    calls.profile("ann", space="embedding")
    calls.profile("ann", space="scores")

    calls.delete_customer("bob")

    kept = database._parts.customer_means._kept
    assert {key[2] for key in kept} == {"embedding", "scores"}
    for _, means in kept.values():
        assert "bob" not in means.names
        assert len(means.names) == len(means.customers) == len(means.centroids) == 6


def test_memory_is_bounded(database: Database, calls: Collection) -> None:
    with database._parts.store.read() as unit:
        collection = unit.collections.get("calls")
        of_one = CustomerMeans().at(unit, collection, SPACES["embedding"]).size_bytes
        means = CustomerMeans(max_bytes=of_one)
        means.at(unit, collection, SPACES["embedding"])
        means.at(unit, collection, SPACES["scores"])
        assert [key[2] for key in means._kept] == ["scores"]
        none = CustomerMeans(max_bytes=0)
        assert len(none.at(unit, collection, SPACES["scores"]).names) == 7
        assert not none._kept


def test_one_customer_alone_has_no_neighbours(database: Database) -> None:
    add(database, 1, "ann")
    assert database.collection("calls").profile("ann").nearest == ()
