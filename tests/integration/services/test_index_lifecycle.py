"""A large index lives on: through deletions, by several processes, and with damage that is found and mended."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.query import Filter
from emovec_db.index import choice, snapshot
from emovec_db.services.indexes import building, snapshots
from emovec_db.services.indexes.live_index import LiveIndex
from emovec_db.store.utterances import Utterances
from tests.integration.services.test_search import many

COUNT = 1_200


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the recordings, in no index yet: copying it is quicker than storing them each time."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    with emovec_db.open(folder, encoder="fake") as opened:
        many(opened, COUNT)
    return folder


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copytree(filled, tmp_path / "data")
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        yield opened


@pytest.fixture
def calls(database: Database, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """A collection that is searched by an inverted file, with a published snapshot."""
    monkeypatch.setattr(choice, "EXACT_LIMIT", 500)
    monkeypatch.setattr(snapshots, "SNAPSHOT_MIN", 500)
    collection = database.collection("many")
    search(collection)
    return collection


def search(collection: Collection, seed: int = 1) -> list[int]:
    query = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
    return [match.utterance.utterance_id for match in collection.similar_to_vector(query, k=20)]


def snapshot_folder(collection: Collection) -> Path:
    (folder,) = collection._parts.settings.index_dir.glob("*-embedding-*")
    return folder


def files_of(collection: Collection) -> dict[str, bytes]:
    folder = snapshot_folder(collection)
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def nothing_is_built() -> Iterator[None]:
    def build(*_: object) -> None:
        raise AssertionError("the index was built anew")

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(building, "build_index", build)
        yield


def test_a_deletion_needs_no_rebuild_and_leaves_nothing_on_disk(calls: Collection, tmp_path: Path) -> None:
    first = search(calls)
    parts = calls._parts
    with parts.store.read() as unit:
        utterance = unit.utterances.get(unit.collections.get("many"), first[0])
        found = unit.utterances.vectors(unit.collections.get("many"), [first[0]])
    space = parts.spaces.named(calls._stored(), "embedding")
    with parts.indexes.level(calls._stored(), space) as level:
        code = level.index._below._codes.sa_encode(space.project(found)).tobytes()  # type: ignore[attr-defined]
    assert any(code in content for content in files_of(calls).values())
    with nothing_is_built():
        calls.delete(utterance.recording_id)
        assert not any(code in content for content in files_of(calls).values())
        again = search(calls)
    assert [one for one in first if one != first[0]] == again[:19]
    with emovec_db.open(tmp_path / "data", encoder="fake") as later:
        with nothing_is_built():
            assert search(later.collection("many")) == again
        assert later.collection("many").check().consistent


def test_a_process_that_maps_the_old_files_lets_them_go(calls: Collection, tmp_path: Path) -> None:
    with emovec_db.open(tmp_path / "data", encoder="fake") as other:
        elsewhere = other.collection("many")
        first = search(elsewhere)
        with calls._parts.store.read() as unit:
            recording_id = unit.utterances.get(unit.collections.get("many"), first[0]).recording_id
        old = set(snapshot_folder(calls).rglob("*.faiss"))
        assert mapped_files() & {str(path) for path in old}
        calls.delete(recording_id)
        assert search(elsewhere)[:19] == first[1:]
        search(calls)
        assert not [path for path in mapped_files() if path.startswith(str(tmp_path)) and "(deleted)" in path]


def mapped_files() -> set[str]:
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}


def test_where_a_snapshot_cannot_be_written_anew_it_goes(calls: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    first = search(calls)
    with calls._parts.store.read() as unit:
        recording_id = unit.utterances.get(unit.collections.get("many"), first[0]).recording_id

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "_write", full)
        calls.delete(recording_id)
    assert files_of(calls) == {}
    assert search(calls)[:19] == first[1:]


def test_damage_in_a_large_file_is_found_and_mended(calls: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "HASHED_BYTES", 0)
    assert calls.check().consistent
    (codes,) = snapshot_folder(calls).rglob("codes.faiss")
    content = bytearray(codes.read_bytes())
    content[-1] ^= 1
    codes.write_bytes(content)
    broken = calls.check()
    assert not broken.consistent
    assert "codes.faiss has other bytes" in broken.problems[0]
    assert calls.check(repair=True).consistent
    assert calls.check().consistent


def test_what_is_published_is_told(calls: Collection) -> None:
    state = calls.spaces.indexes()["embedding"]
    assert state is not None
    assert (state.kind, state.size, state.seq) == ("layered", COUNT, COUNT)
    assert 0.9 < state.recall <= 1
    assert calls.spaces.indexes()["scores"] is None
    (snapshot_folder(calls) / "manifest.json").write_text("rot", encoding="utf-8")
    assert calls.spaces.indexes()["embedding"] is None


def live_of(collection: Collection) -> LiveIndex:
    parts = collection._parts
    live = parts.indexes.of(  # type: ignore[attr-defined]
        collection._stored(), parts.spaces.named(collection._stored(), "embedding")
    )
    assert isinstance(live, LiveIndex)
    return live


def sizes(collection: Collection) -> tuple[int, int]:
    """Of the index that is searched, and of its tail."""
    with live_of(collection).level() as level:
        return level.index.size, level.index.tail_size


def compact(collection: Collection) -> None:
    parts, stored = collection._parts, collection._stored()
    parts.indexes.compact(stored, parts.spaces.named(stored, "embedding"))


def test_what_is_new_is_found_at_once_and_folded_by_compaction(database: Database, calls: Collection) -> None:
    with nothing_is_built():
        many(database, 50)
        compact(calls)
        assert sizes(calls) == (COUNT + 50, 50)
        many(database, 100)
        assert sizes(calls) == (COUNT + 150, 150)
        compact(calls)
        assert sizes(calls) == (COUNT + 150, 0)
    assert calls.check().consistent


def test_where_nobody_compacts_whoever_searches_folds(database: Database, calls: Collection) -> None:
    with nothing_is_built():
        many(database, 900)
        assert sizes(calls) == (COUNT + 900, 900)
        many(database, 200)
        assert sizes(calls) == (COUNT + 1_100, 0)
    assert calls.check().consistent


def test_an_ingest_leaves_a_snapshot_for_the_first_search(calls: Collection, archive: Path) -> None:
    """Of the space that searches use, which is not the one that was searched before."""
    calls.ingest(archive, customer="new")
    state = calls.spaces.indexes()["emotion"]
    assert state is not None
    assert state.size > COUNT
    assert calls.spaces.indexes()["scores"] is None


def test_searches_go_on_while_it_is_built_anew(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build is held until searches were answered meanwhile, also about what came after it began."""
    entered, answered = threading.Event(), threading.Event()
    build = building.build_index

    def held(*arguments: Any) -> Any:
        entered.set()
        assert answered.wait(timeout=60)
        return build(*arguments)

    before = search(calls)
    monkeypatch.setattr(building, "build_index", held)
    thread = threading.Thread(target=calls.reindex)
    thread.start()
    assert entered.wait(timeout=60)
    many(database, 10)
    assert len(search(calls)) == len(before)
    assert sizes(calls)[0] == COUNT + 10
    answered.set()
    thread.join()
    assert sizes(calls)[0] == COUNT + 10
    assert calls.check().consistent


def test_what_is_deleted_while_it_is_compacted_does_not_come_back(
    database: Database, calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(database, 300)
    first = search(calls)
    with calls._parts.store.read() as unit:
        recording_id = unit.utterances.get(unit.collections.get("many"), first[0]).recording_id
    publish = snapshots.write_snapshot

    def late(*arguments: Any) -> None:
        calls.delete(recording_id)
        publish(*arguments)

    monkeypatch.setattr(snapshots, "write_snapshot", late)
    compact(calls)
    published = snapshot.read_snapshot(snapshot_folder(calls), live_of(calls).snapshots.identity)
    assert published is not None
    assert first[0] not in published[0].index.ids()
    assert search(calls)[:19] == first[1:]


def test_many_search_side_by_side_while_others_write(database: Database, calls: Collection) -> None:
    """Whoever searches sees what was committed before, and never an index and rows of two states."""
    problems: list[str] = []
    over = threading.Event()

    def ask(seed: int) -> None:
        while not over.is_set():
            before = calls.summary().utterances
            with live_of(calls).level() as level:
                stored = level.unit.utterances.count(calls._stored())
                if level.index.size != stored or stored < before:
                    problems.append(f"{level.index.size} indexed, {stored} stored, {before} before")
            if len(search(calls, seed)) != 20:
                problems.append("matches are missing")

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for number in range(6):
        many(database, 40)
        if number % 2:
            compact(calls)
    over.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_filters_that_have_columns_ask_no_database_and_lose_no_recall(
    calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = np.random.default_rng(3).standard_normal(16).astype(np.float32)
    chosen: dict[str, Any] = {"where": "customer in (c1, c2, c3) and not role exists", "min_duration_s": 0.1}
    with calls._parts.store.read() as unit:
        allowed = unit.utterances.ids(calls._stored(), Filter(**chosen))
        vectors = unit.utterances.vectors(calls._stored(), allowed).embeddings
    assert 0 < len(allowed) < COUNT
    nearest = allowed[np.argsort(-(vectors @ query) / np.linalg.norm(vectors, axis=1))[:20]]
    monkeypatch.setattr(Utterances, "ids", None)
    found = [
        match.utterance.utterance_id for match in calls.similar_to_vector(query, k=20, space="embedding", **chosen)
    ]
    assert len({*found} & {*nearest.tolist()}) >= 18


def test_columns_that_differ_are_told(calls: Collection) -> None:
    with calls._parts.store.write() as unit:
        unit.utterances._connection.execute(text("UPDATE predictions SET label = 'sad', score_sad = 0.9"))
    problems = calls.check().problems
    assert any("filters by label go by other texts" in problem for problem in problems)
    assert any("filters by sad go by other numbers" in problem for problem in problems)
    assert calls.check(repair=True).consistent
