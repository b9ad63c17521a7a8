"""A large index lives on: through deletions, by several processes, and with damage that is found and mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.index import choice, snapshot
from emovec_db.services.indexes import live_index
from tests.integration.services.test_search import many

COUNT = 1_200


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        yield opened


@pytest.fixture
def calls(database: Database, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """A collection that is searched by an inverted file, with a published snapshot."""
    monkeypatch.setattr(choice, "EXACT_LIMIT", 500)
    monkeypatch.setattr(live_index, "SNAPSHOT_MIN", 500)
    collection = many(database, COUNT)
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
        monkeypatch.setattr(live_index, "build_index", build)
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


def test_what_is_new_is_found_at_once_and_folded_in_time(database: Database, calls: Collection) -> None:
    parts = calls._parts
    live = parts.indexes.of(calls._stored(), parts.spaces.named(calls._stored(), "embedding"))  # type: ignore[attr-defined]
    for tail_size, count in ((300, COUNT + 300), (0, COUNT + 600)):
        many(database, 300)
        with nothing_is_built(), live.level() as level:
            assert (level.index.size, level.index.tail_size) == (count, tail_size)
        assert calls.check().consistent
