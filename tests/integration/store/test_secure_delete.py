"""What is deleted from SQLite is gone from the disk, not only from the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.errors import EmovecError
from emovec_db.store.store import Store
from tests.stored import IDENTITY, PROVENANCE, RECIPE, embedding, recording, utterance

DIM = 1024
SECRET = "Wilhelmine Hagedorn"
IDENTITY_1024 = type(IDENTITY)("fake", "1", "ab" * 32, "fp32", DIM)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'emovec.db'}")


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def fill(store: Store) -> tuple[Collection, list[int]]:
    """200 recordings of 1024-d embeddings; every third belongs to the customer to be deleted."""
    secret: list[int] = []
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY_1024, RECIPE)
    for number in range(200):
        spoken = utterance(number)
        object.__setattr__(spoken, "embedding", embedding(number, DIM))
        is_secret = number % 3 == 0
        new = recording(
            f"{SECRET} {number}" if is_secret else f"other {number}",
            customer=SECRET if is_secret else "someone else",
            metadata={"name": SECRET} if is_secret else {},
            utterances=[spoken],
        )
        with store.write() as unit:
            recording_id = unit.recordings.add(calls, new, PROVENANCE)
        secret += [recording_id] if is_secret else []
    return calls, secret


def test_deleted_names_and_embeddings_are_not_on_the_disk(store: Store, tmp_path: Path) -> None:
    calls, secret = fill(store)
    vectors = {number: embedding(number, DIM).tobytes() for number in range(200)}
    assert store.compact()
    before = on_disk(tmp_path)
    assert SECRET.encode() in before
    assert all(vector in before for vector in vectors.values())
    with store.write() as unit:
        unit.recordings.delete(calls, secret)
    assert store.compact()
    after = on_disk(tmp_path)
    assert SECRET.encode() not in after
    for number, vector in vectors.items():
        if number % 3 == 0:
            # not even a part of it: an embedding is spread over pages
            assert not any(vector[start : start + 64] in after for start in range(0, len(vector), 64))
        else:
            assert vector in after
    store.close()


def test_a_reader_of_an_older_state_keeps_the_log(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emovec_db.store.engine.BUSY_TIMEOUT_MS", 50)
    calls, secret = fill(store)
    store.close()
    with store.read() as reader:
        assert reader.utterances.count(calls) == 200
        with store.write() as unit:
            unit.recordings.delete(calls, secret)
        assert not store.compact()
        assert reader.utterances.count(calls) == 200
    assert store.compact()
    assert SECRET.encode() not in on_disk(tmp_path)
    store.close()


def test_a_writer_that_waits_too_long_is_told_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    monkeypatch.setattr("emovec_db.store.engine.BUSY_TIMEOUT_MS", 50)
    with store.write(), pytest.raises(EmovecError, match="in use by too many at once") as raised, store.write():
        pass
    assert raised.value.code == "busy"
    store.close()
