"""Every engine follows what is committed, lets go of what is deleted, and can be built again at any time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from emovec_db.database import Database
from emovec_db.domain.collection import Collection
from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Details
from emovec_db.services.indexes import following
from emovec_db.services.indexes.protocol import Inspection
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.registry import space_named
from tests import stored
from tests.conftest import ROOT
from tests.contract.engines.engines import Engine
from tests.contract.engines.made_up import DIM, IDENTITY, NAME, add, fill, queries

EMBEDDING = space_named("embedding")


def emotion_map(seed: int) -> EmotionMap:
    """Numbers as a fit on these embeddings gives them."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((DIM, 4)))[0].astype(np.float32)
    return replace(stored.emotion_map(), basis=basis, embedding_mean=rng.standard_normal(DIM).astype(np.float32))


def ids_near(database: Database, k: int = 5, **chosen: object) -> list[int]:
    matches = database.collection(NAME).similar_to_vector(queries()[0], k=k, **chosen)  # type: ignore[arg-type]
    return [match.utterance.utterance_id for match in matches]


@pytest.fixture
def calls(database: Database) -> Collection:
    collection = fill(database, 60)
    ids_near(database)  # its index is made
    return collection


def test_what_is_stored_deleted_and_said_anew_shows_at_once(database: Database, calls: Collection) -> None:
    with database._parts.store.write() as unit:
        recording_id = add(unit, calls, 1000, queries()[0])
    assert ids_near(database, 1) == [recording_id]
    assert ids_near(database, 1, customer="c250") == [recording_id]
    with database._parts.store.write() as unit:
        unit.recordings.update_details(recording_id, Details(customer="new", role="other"))
    assert ids_near(database, 1, customer="new", role="other") == [recording_id]
    assert ids_near(database, 1, customer="c250") == []
    database.collection(NAME).delete(recording_id)
    assert recording_id not in ids_near(database, 60)
    assert ids_near(database, 1, customer="new") == []


def test_others_see_a_commit_at_once(engine: Engine, database: Database, calls: Collection) -> None:
    with engine.open() as other:
        assert ids_near(other) == ids_near(database)
        for number in range(3):
            with database._parts.store.write() as unit:
                recording_id = add(unit, calls, 1000 + number, queries()[0])
            assert recording_id in ids_near(other)
            other.collection(NAME).delete(recording_id)
            assert recording_id not in ids_near(database)


@contextmanager
def searching_elsewhere(database: Database) -> Iterator[Callable[[], list[int]]]:
    """What another process finds, each time it is asked."""
    settings = database.settings
    environment = {
        "EMOVEC_DATA_DIR": str(settings.data_dir),
        "EMOVEC_DATABASE_URL": settings.resolved_database_url,
        "EMOVEC_INDEX_URL": settings.index_url.get_secret_value(),
    }
    command = [sys.executable, "-m", "tests.contract.engines.searching_process"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def found() -> list[int]:
            print(json.dumps(queries()[0].tolist()), file=process.stdin, flush=True)
            ids: list[int] = json.loads(process.stdout.readline())
            return ids

        yield found
        process.stdin.close()


def test_another_process_sees_what_this_one_made_the_engine_follow(database: Database, calls: Collection) -> None:
    with searching_elsewhere(database) as found_elsewhere:
        assert found_elsewhere() == ids_near(database)
        for number in range(5):
            with database._parts.store.write() as unit:
                added = add(unit, calls, 1000 + number, queries()[0])
            follow(database, calls)
            assert added in found_elsewhere()
            database.collection(NAME).delete(added)
            follow(database, calls)
            assert added not in found_elsewhere()


def follow(database: Database, calls: Collection) -> None:
    """Bring the engine up to the database; a search could wait for what the other process has to wait for."""
    with database._parts.indexes.level(calls, EMBEDDING):
        pass


def test_searches_beside_writers_miss_nothing_and_bring_nothing_back(
    engine: Engine, database: Database, calls: Collection
) -> None:
    over = Event()

    def search(searching: Database) -> None:
        while not over.is_set():
            ids_near(searching)

    with engine.open() as other, ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(search, each) for each in (database, other, other)]
        try:
            for number in range(15):
                with database._parts.store.write() as unit:
                    added = add(unit, calls, 1000 + number, queries()[0])
                assert added in ids_near(database, 15)
                if number % 3:
                    database.collection(NAME).delete(added)
                    assert added not in ids_near(database, 15)
        finally:
            over.set()
        for each in searches:
            each.result()
        with database._parts.store.read() as unit:
            stored_ids = set(unit.utterances.ids(calls, Filter()).tolist())
        ids_near(other)
        assert engine.held(calls, EMBEDDING) == stored_ids


def test_what_is_deleted_is_gone_from_the_engine(engine: Engine, database: Database, calls: Collection) -> None:
    for space in ("scores", "embedding"):
        database.collection(NAME).similar_by_id(1, space=space)
    assert 7 in engine.held(calls, EMBEDDING) & engine.held(calls, space_named("scores"))
    database.collection(NAME).delete(7)
    assert 7 not in engine.held(calls, EMBEDDING) | engine.held(calls, space_named("scores"))
    database.collection(NAME).delete_customer("c3")
    assert not {13, 14, 15} & engine.held(calls, EMBEDDING)


def test_it_is_built_again_from_the_database(engine: Engine, database: Database, calls: Collection) -> None:
    before = ids_near(database)
    engine.lose(calls, EMBEDDING)
    assert database._parts.indexes.rebuild(calls, EMBEDDING) == 60
    assert ids_near(database) == before
    assert len(engine.held(calls, EMBEDDING)) == 60


def test_a_check_tells_what_is_missing_and_what_is_another(
    engine: Engine, database: Database, calls: Collection
) -> None:
    def problems() -> str:
        return " ".join(database._parts.indexes.inspect(calls, EMBEDDING).problems)

    assert problems() == ""
    engine.spoil(calls, EMBEDDING, 5)
    assert "1 of 60 utterances don't find themselves" in problems()
    engine.drop(calls, EMBEDDING, 5)
    assert "1 utterances are not in the index, the first is 5" in problems()
    database._parts.indexes.rebuild(calls, EMBEDDING)
    assert database._parts.indexes.inspect(calls, EMBEDDING) == Inspection(60, ())


def test_a_generation_has_vectors_of_its_own(database: Database, calls: Collection) -> None:
    with database._parts.store.write() as unit:
        target = unit.generations.create(calls, replace(IDENTITY, revision="2", dim=32), stored.RECIPE)
        said = replace(stored.utterance(1), embedding=stored.embedding(1, 32))
        (made,) = unit.utterances.add(target, 1, (said,), stored.PROVENANCE)
    database._parts.indexes.prepare(target, calls, [EMBEDDING])
    with database._parts.indexes.level(target, EMBEDDING) as level:
        assert level.nearest(EMBEDDING.project(level.unit.utterances.vectors(target, [made])), 3, Filter()).ids[
            0
        ].tolist() == [made, -1, -1]
    assert made not in ids_near(database, 60)
    with database._parts.store.write() as unit:
        unit.generations.forget(target, 10)
    database._parts.indexes.remove_generation(target)
    assert len(ids_near(database, 100)) == 60


def test_a_version_of_a_space_has_vectors_of_its_own(database: Database) -> None:
    calls = fill(database, 40)
    first, second = (EmotionSpace(version, emotion_map(seed)) for version, seed in ((1, 5), (2, 6)))
    indexes = database._parts.indexes
    for space in (first, second):
        indexes.prepare_space(calls, space)
        with indexes.level(calls, space) as level:
            vectors = space.project(level.unit.utterances.vectors(calls, [3, 4]))
            assert level.nearest(vectors, 1, Filter()).ids.tolist() == [[3], [4]]
    indexes.remove_space(calls, "emotion", before=2)
    assert indexes.states(calls, [first]) == {"emotion": None}
    with indexes.level(calls, second) as level:
        assert level.nearest(vectors, 1, Filter()).ids.tolist() == [[3], [4]]


def test_many_are_taken_in_by_portions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PORTION", 20)
    fill(database, 50)
    assert len(ids_near(database, 100)) == 50
