from __future__ import annotations

from dataclasses import replace

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.errors import ConflictError, NotFoundError, QueryError
from emovec_db.store.store import Store
from tests.stored import IDENTITY, PROVENANCE, RECIPE, failure, recording, utterance


def test_a_collection_is_found_as_it_was_created(store: Store, calls: Collection) -> None:
    with store.read() as unit:
        assert unit.collections.find("calls") == unit.collections.get("calls") == calls
        assert unit.collections.find("Calls") is None
    assert calls.generation.encoder == IDENTITY
    assert calls.generation.recipe == RECIPE
    assert calls.created_at.utcoffset() is not None


def test_a_recipe_comes_back_whole(store: Store) -> None:
    cleaned = replace(RECIPE, cleaning=("high-pass-1", "normalise-1"))
    with store.write() as unit:
        unit.collections.create("calls", IDENTITY, cleaned)
        assert unit.collections.get("calls").generation.recipe == cleaned
        assert unit.collections.create("raw", IDENTITY, RECIPE).generation.recipe.cleaning == ()


def test_an_unknown_collection_names_those_that_exist(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        unit.collections.create("archive", IDENTITY, RECIPE)
    with store.read() as unit, pytest.raises(NotFoundError, match=r"'call': expected one of archive, calls"):
        unit.collections.get("call")


def test_a_name_can_be_taken_once(store: Store, calls: Collection) -> None:
    with pytest.raises(ConflictError, match="'calls' exists already"), store.write() as unit:
        unit.collections.create("calls", IDENTITY, RECIPE)
    with store.read() as unit:
        assert len(unit.collections.summaries()) == 1


@pytest.mark.parametrize("name", ["", "-calls", ".calls", "two words", "a/b", "名", "calls\n", "a" * 65])
def test_a_name_that_urls_and_shells_would_trip_over_is_refused(store: Store, name: str) -> None:
    with pytest.raises(QueryError, match="can't name a collection"), store.write() as unit:
        unit.collections.create(name, IDENTITY, RECIPE)


def test_summaries_count_the_active_generation(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        empty = unit.collections.create("archive", IDENTITY, RECIPE)
        unit.recordings.add(calls, recording("a", customer="c1", utterances=[utterance(1), utterance(2)]), PROVENANCE)
        unit.recordings.add(calls, recording("b", customer="c2"), PROVENANCE)
        unit.recordings.add(calls, recording("c", customer="c2"), PROVENANCE)
        unit.recordings.add(calls, recording("d"), PROVENANCE)
        job = unit.jobs.create(calls.collection_id, "archive")
        unit.failures.record(calls.collection_id, job, failure("file:///x"), {})
    with store.read() as unit:
        first, second = unit.collections.summaries()
        other = replace(calls, generation=replace(calls.generation, generation_id=empty.generation.generation_id))
        unencoded = unit.collections.summary(other)
        customers = unit.collections.customers(calls.collection_id)
    assert (first.collection.name, first.recordings, first.duration_s) == ("archive", 0, 0.0)
    assert second.collection == calls
    assert (second.recordings, second.utterances, second.customers, second.failures) == (4, 5, 2, 1)
    assert second.duration_s == 10.0
    assert (unencoded.recordings, unencoded.utterances) == (0, 0)
    assert customers == ("c1", "c2")


def test_locking_what_does_not_exist_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError), store.write() as unit:
        unit.collections.lock(77)
