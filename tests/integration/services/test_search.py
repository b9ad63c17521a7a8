"""Search through the facade: exactness, filters, read-your-writes, deletion, damaged snapshots."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Details, NewRecording, NewUtterance, Source
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.index import choice
from emovec_db.services.indexes import snapshots
from tests import stored
from tests.sounds import babble, write

from .conftest import PATTERN


@pytest.fixture
def calls(database: Database, archive: Path) -> Collection:
    collection = database.collection("calls")
    collection.ingest(archive, customer_from=PATTERN)
    return collection


def test_a_stored_clip_finds_itself_and_an_utterance_does_not(calls: Collection, archive: Path) -> None:
    clip = archive / "cross" / "2026-05-04_disgusted.wav"
    best = calls.similar(clip, k=1)[0]
    assert best.similarity == pytest.approx(1, abs=1e-6)
    others = calls.similar_by_id(best.utterance.utterance_id, k=100)
    assert len(others) == 7
    assert best.utterance.utterance_id not in {match.utterance.utterance_id for match in others}


@pytest.mark.parametrize("space", ["embedding", "scores"])
def test_similarities_are_inner_products_of_unit_vectors(calls: Collection, archive: Path, space: str) -> None:
    clip = archive / "calm" / "2026-05-03_sad.wav"
    heard = calls.classify(clip)

    def unit(embedding: np.ndarray, scores: tuple[float, ...]) -> np.ndarray:
        return embedding / np.linalg.norm(embedding) if space == "embedding" else np.sqrt(np.array(scores))

    query = unit(heard.embedding, heard.prediction.scores)
    for match in calls.similar(clip, k=8, space=space):
        file = archive / match.utterance.uri.split("/archive/")[1]
        other = calls.classify(file)
        expected = float(query @ unit(other.embedding, other.prediction.scores))
        assert match.similarity == pytest.approx(expected, abs=1e-5)


def test_every_filter_narrows(calls: Collection, archive: Path) -> None:
    clip = archive / "calm" / "2026-05-03_sad.wav"

    def found(**chosen: object) -> set[str]:
        return {match.utterance.uri.rsplit("/", 2)[1] + "/" + match.utterance.prediction.label
                for match in calls.similar(clip, k=100, **chosen)}  # type: ignore[arg-type]  # fmt: skip

    assert found() == {"calm/neutral", "calm/sad", "cross/angry", "cross/disgusted"}
    assert found(customer="cross") == {"cross/angry", "cross/disgusted"}
    assert found(label="sad") == {"calm/sad"}
    assert found(since=datetime(2026, 5, 4, tzinfo=UTC)) == {"calm/neutral", "cross/disgusted"}
    assert found(until=datetime(2026, 5, 2, tzinfo=UTC)) == {"calm/neutral", "cross/angry"}
    assert found(metadata={"topic": "disgusted"}) == {"cross/disgusted"}
    assert found(min_confidence=0.99999) == set()
    assert found(min_duration_s=2) == set()
    assert found(max_duration_s=2) == found()
    assert found(role="agent") == set()
    assert found(customer="nobody") == set()


def test_nonsense_is_refused(calls: Collection, archive: Path) -> None:
    clip = archive / "calm" / "2026-05-03_sad.wav"
    with pytest.raises(QueryError, match="expected one of angry"):
        calls.similar(clip, label="furious")
    with pytest.raises(QueryError, match="expected 1 to"):
        calls.similar(clip, k=0)
    with pytest.raises(QueryError, match="unknown space 'vibes'"):
        calls.similar(clip, space="vibes")
    with pytest.raises(QueryError, match=r"the query has 3 numbers, but embeddings of collection 'calls' have 16"):
        calls.similar_to_vector(np.ones(3, np.float32))
    with pytest.raises(QueryError, match="NaN"):
        calls.similar_to_vector(np.full(16, np.nan, np.float32))
    with pytest.raises(NotFoundError, match="no utterance 999"):
        calls.similar_by_id(999)
    with pytest.raises(QueryError, match="without a zone"):
        calls.similar(clip, since=datetime(2026, 5, 1))


def test_another_process_sees_a_commit_at_once(database: Database, calls: Collection, tmp_path: Path) -> None:
    new = write(tmp_path / "new.wav", babble(1, seed=50))
    with emovec_db.open(tmp_path / "data") as other:
        there = other.collection("calls")
        assert len(there.similar(new, k=100)) == 8
        calls.ingest(new)
        assert there.similar(new, k=1)[0].similarity == pytest.approx(1, abs=1e-6)
        calls.delete(9)
        assert there.similar(new, k=100)[0].similarity < 0.9999


def test_deleted_means_gone_from_rows_index_files_and_disk(
    database: Database, calls: Collection, tmp_path: Path
) -> None:
    marked = write(tmp_path / "zq-secret-name.wav", babble(1, seed=51))
    calls.ingest(marked, customer="zq-secret-customer", metadata={"note": "zq-secret-note"})
    calls.reindex()
    vector = calls.classify(marked).embedding.astype("<f4").tobytes()
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert any(vector in path.read_bytes() for path in files), "the embedding is on disk before"
    assert calls.delete_customer("zq-secret-customer").recordings == 1
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert vector not in content, path
            assert b"zq-secret" not in content, path
    assert calls.check().consistent
    with pytest.raises(NotFoundError):
        calls.recording(9)


def test_ids_are_never_used_again(calls: Collection, tmp_path: Path) -> None:
    calls.delete(8)
    calls.ingest(write(tmp_path / "new.wav", babble(1, seed=52)))
    assert {one.recording_id for one in calls.recordings().items} == {*range(1, 8), 9}


def test_an_index_may_vanish_or_rot(database: Database, calls: Collection, archive: Path, tmp_path: Path) -> None:
    clip = archive / "calm" / "2026-05-03_sad.wav"
    expected = calls.similar(clip, k=8)
    calls.reindex()
    index_dir = tmp_path / "data" / "index"
    for spoil in (
        lambda: shutil.rmtree(index_dir),
        lambda: [path.write_bytes(b"rot") for path in index_dir.rglob("*") if path.is_file()],
    ):
        database.collection("calls").reindex()
        spoil()
        with emovec_db.open(tmp_path / "data") as fresh:
            again = fresh.collection("calls")
            assert again.similar(clip, k=8) == expected
            assert again.check().consistent


def many(database: Database, count: int) -> Collection:
    """`count` more made-up utterances in clusters, stored without sound."""
    calls = database.collection("many")
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((20, 16))
    with database._parts.store.write() as unit:
        identity = database._parts.encoders.configured().identity
        collection = unit.collections.find("many") or unit.collections.create("many", identity, stored.RECIPE)
        present = unit.utterances.count(collection)
        for number in range(present, present + count):
            embedding = (centres[number % 20] + 0.5 * rng.standard_normal(16)).astype(np.float32)
            new = NewUtterance(start_s=0, end_s=1, embedding=embedding, prediction=stored.prediction())
            unit.recordings.add(
                collection,
                NewRecording(
                    sha256=stored.sha256(str(number)),
                    pcm_sha256=stored.sha256(f"pcm{number}"),
                    details=Details(customer=f"c{number % 50}"),
                    source=Source(uri=f"file:///{number}.wav", size_bytes=1, mtime_ns=1),
                    quality=stored.QUALITY,
                    summary=new.prediction,
                    utterances=(new,),
                    track=stored.track(number),
                    peaks=stored.peaks(number),
                ),
                stored.PROVENANCE,
            )
    return calls


def test_approximate_index_gives_exact_similarities_and_nearly_all_neighbours(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "EXACT_LIMIT", 1_000)
    monkeypatch.setattr(snapshots, "SNAPSHOT_MIN", 1_000)
    calls = many(database, 2_500)
    with database._parts.store.read() as unit:
        collection = unit.collections.get("many")
        vectors = unit.utterances.vectors(collection, unit.utterances.ids(collection, Filter()))
        of_c7 = unit.utterances.ids(collection, Filter(customer="c7"))
    units = vectors.embeddings / np.linalg.norm(vectors.embeddings, axis=1, keepdims=True)
    rng = np.random.default_rng(5)
    for chosen, allowed in (({}, vectors.ids), ({"customer": "c7"}, of_c7)):
        hits = 0
        near = vectors.embeddings[rng.choice(len(vectors.ids), 20)]
        for query in (near + 0.3 * rng.standard_normal(near.shape)).astype(np.float32):
            exact = dict(zip(vectors.ids.tolist(), (units @ (query / np.linalg.norm(query))).tolist(), strict=True))
            matches = calls.similar_to_vector(query, k=10, **chosen)  # type: ignore[arg-type]
            for match in matches:
                assert match.similarity == pytest.approx(exact[match.utterance.utterance_id], abs=1e-5)
            best = sorted(allowed.tolist(), key=lambda one: -exact[one])[:10]
            hits += len({match.utterance.utterance_id for match in matches} & set(best))
        assert hits >= 0.95 * 200
    assert list((tmp_path / "data" / "index").rglob("*.faiss")), "a snapshot was published"
    assert calls.check().consistent
    with emovec_db.open(tmp_path / "data", encoder="fake") as later:
        query = rng.standard_normal(16).astype(np.float32)
        assert later.collection("many").similar_to_vector(query) == calls.similar_to_vector(query)
        assert later.collection("many").delete(1).utterances == 1
        assert later.collection("many").check().indexed == 2_499
    assert calls.check().consistent
