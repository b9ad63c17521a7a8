"""The emotion space of a collection: learned, taken over, searched, measured, forgotten."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.annotation import TableRead
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Details, NewUtterance, Source
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services import spaces
from emovec_db.services.indexes import snapshots
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.sources.local import uri_of
from emovec_db.store.spaces import FittedSpaces
from tests import stored
from tests.sounds import babble, tone, write

SPEAKERS, EMOTIONS, TURNS = 6, 3, 15
DIM = 16


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        yield opened


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Collection:
    """270 utterances of six speakers whose voices differ more than their emotions, and one of somebody else."""
    collection = database.collection("calls")
    collection.ingest(write(tmp_path / "first.wav", tone(600, 1.0, level=0.4)), customer="first")
    add(database, tmp_path, range(SPEAKERS * EMOTIONS * TURNS))
    return collection


def add(database: Database, folder: Path, numbers: range) -> None:
    rng = np.random.default_rng(7)
    emotions, voices = rng.standard_normal((EMOTIONS, DIM)), 3 * rng.standard_normal((SPEAKERS, DIM))
    with database._parts.store.write() as unit:
        calls = unit.collections.get("calls")
        for number in numbers:
            speaker, emotion = number % SPEAKERS, number // SPEAKERS % EMOTIONS
            embedding = emotions[emotion] + voices[speaker] + 0.5 * np.random.default_rng(number).standard_normal(DIM)
            scores = tuple(0.6 if place == emotion else 0.05 for place in range(len(LABELS)))
            heard = NewUtterance(
                start_s=0.0, end_s=2.5, embedding=embedding.astype(np.float32), prediction=Prediction(scores)
            )
            said = Details(speaker=f"speaker {speaker}", recorded_at=datetime(2026, 6, 1, tzinfo=UTC))
            path = folder / f"{number}.wav"
            new = stored.recording(f"{number}", utterances=[heard])
            source = Source(uri=uri_of(path), size_bytes=1, mtime_ns=1)
            unit.recordings.add(calls, replace(new, details=said, source=source), stored.PROVENANCE)


def labels_of(folder: Path, count: int) -> Path:
    table = folder / "labels.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "speaker", "sentence"])
        for number in range(count):
            speaker, emotion = number % SPEAKERS, number // SPEAKERS % EMOTIONS
            rows.writerow([f"{number}.wav", LABELS[emotion], f"speaker {speaker}", f"sentence {number % 4}"])
        rows.writerow(["0.wav", "", "speaker 0", "sentence 0"])
        rows.writerow(["absent.wav", "angry", "speaker 0", "sentence 0"])
    return table


def nearest_of(collection: Collection, utterance_id: int, **options: object) -> list[int]:
    return [one.utterance.utterance_id for one in collection.similar_by_id(utterance_id, k=5, **options)]  # type: ignore[arg-type]


def test_before_it_is_fitted_searches_go_by_scores_and_say_what_to_do(calls: Collection) -> None:
    assert calls.spaces.default() == "scores"
    assert list(calls.spaces.all()) == ["embedding", "scores", "embedding-scores"]
    with pytest.raises(
        QueryError, match="was not fitted to collection 'calls' yet: run `emovec space fit`, or use one"
    ):
        calls.similar_by_id(2, space="emotion")


def test_a_fit_takes_over_as_the_default_and_finds_what_exact_search_finds(calls: Collection) -> None:
    fitted = calls.spaces.fit()
    assert (fitted.version, fitted.utterances, fitted.people) == (1, 271, SPEAKERS + 1)
    assert calls.spaces.default() == "emotion"
    parts = calls._parts
    with parts.store.read() as unit:
        collection = unit.collections.get("calls")
        ids, vectors = stored_vectors(unit, collection, parts.spaces.named(collection, "emotion"))
    exact = [one for one in ids[np.lexsort((ids, -(vectors @ vectors[10])))] if one != ids[10]][:5]
    assert nearest_of(calls, int(ids[10])) == exact
    assert nearest_of(calls, int(ids[10]), space="embedding") != exact
    assert calls.check().consistent


def test_it_finds_emotions_where_the_embedding_finds_voices(calls: Collection, tmp_path: Path) -> None:
    found = calls.spaces.evaluate(labels_of(tmp_path, SPEAKERS * EMOTIONS * TURNS))
    assert (found.folds, found.utterances, found.unlabelled, found.not_stored) == (3, 270, 1, 1)
    assert set(found.spaces) == {"embedding", "scores", "embedding-scores", "emotion"}
    raw, emotion = found.spaces["embedding"], found.spaces["emotion"]
    assert (raw.queries, emotion.queries) == (270, 270)
    assert emotion.speaker_triplet_accuracy > raw.speaker_triplet_accuracy + 0.3
    assert calls.spaces.default() == "scores", "nothing is stored"


def test_nobody_is_measured_by_a_space_that_was_fitted_on_them(
    calls: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    fitted_on: list[set[str]] = []
    learn = spaces.learn

    def noted(sample, everything, annotated):  # type: ignore[no-untyped-def]
        parts = list(everything)
        fitted_on.append({person for part in (sample, *parts, annotated.heard) for person in part.people})
        return learn(sample, iter(parts), annotated)

    calls.spaces.fit(labels_of(tmp_path, 270))
    monkeypatch.setattr(spaces, "learn", noted)
    calls.spaces.evaluate(labels_of(tmp_path, 270))
    assert len(fitted_on) == 3
    everybody = {f"speaker:speaker {number}" for number in range(SPEAKERS)} | {"customer:first"}
    left_out = [everybody - people for people in fitted_on]
    assert all(len(people) == 2 for people in left_out)
    assert set.union(*left_out) == everybody - {"customer:first"}


def test_annotations_are_kept_for_all_later_fits_and_go_with_their_recording(calls: Collection, tmp_path: Path) -> None:
    fitted = calls.spaces.fit(labels_of(tmp_path, 100))
    assert (fitted.version, fitted.utterances, fitted.annotated) == (1, 271, 100)
    assert fitted.table == TableRead(recordings=100, unlabelled=1, not_stored=1)
    listed = calls.spaces.all()["emotion"]
    assert listed is not None
    assert (listed.annotated, listed.table) == (100, None)
    again = calls.spaces.fit()
    assert (again.version, again.annotated, again.table) == (2, 100, None)
    assert nearest_of(calls, 5)
    assert calls.check().consistent
    with calls._parts.store.read() as unit:
        first = unit.utterances.get(unit.collections.get("calls"), 2).recording_id
    calls.delete(first)
    assert calls.spaces.fit().annotated == 99


def test_an_annotation_is_replaced_by_a_later_one(calls: Collection, tmp_path: Path) -> None:
    table = tmp_path / "again.csv"
    for labels in ("angry", "happy", "sad\n0.wav,happy"):
        rows = labels.replace("\n", ",speaker 0,\n")
        table.write_text(f"path,label,speaker,sentence\n0.wav,{rows},,\n1.wav,neutral,,\n", encoding="utf-8")
        calls.spaces.fit(table)
        with calls._parts.store.read() as unit:
            ids, places = unit.annotations.of_utterances(unit.collections.get("calls"))
        named = dict(zip(ids.tolist(), (LABELS[place] for place in places), strict=True))
        assert named == {2: "angry" if labels == "angry" else "happy", 3: "neutral"}


def test_a_link_stands_for_itself_and_else_for_its_file(calls: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "other.wav").symlink_to(tmp_path / "0.wav")
    (folder / "own.wav").symlink_to(tmp_path / "1.wav")
    calls.ingest(folder / "own.wav")  # the same bytes: the link becomes a source of the recording
    table = folder / "links.csv"
    table.write_text("path,label,speaker,sentence\nother.wav,angry,,\nown.wav,sad,,\n", encoding="utf-8")
    assert calls.spaces.fit(table).table == TableRead(recordings=2, unlabelled=0, not_stored=0)


def test_a_label_that_is_none_of_the_nine_annotates_nothing(calls: Collection, tmp_path: Path) -> None:
    table = tmp_path / "calm.csv"
    table.write_text("path,label,speaker,sentence\n0.wav,angry,,\n1.wav,calm,,\n", encoding="utf-8")
    with pytest.raises(QueryError, match=r"calm.csv, line 3: label 'calm' is none of the nine: expected angry, disg"):
        calls.spaces.fit(table)
    assert calls.spaces.fit().annotated == 0


def test_a_table_that_makes_no_sense_is_refused(calls: Collection, tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    table.write_text("path,label,speaker\n0.wav,angry,speaker 0\n", encoding="utf-8")
    with pytest.raises(
        QueryError, match=r"few.csv has no column 'sentence': expected the columns path, label, speaker"
    ):
        calls.spaces.evaluate(table)
    table.write_text("path,label,speaker,sentence\n0.wav,angry,speaker 0,a\n", encoding="utf-8")
    with pytest.raises(QueryError, match=r"too few speakers .* in collection 'calls': 1, expected 4 or more"):
        calls.spaces.evaluate(table)


def test_a_fit_that_knows_nobody_is_not_what_searches_use(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spaces, "FIT_MIN", 2)
    collection = database.collection("strangers")
    for number in range(3):
        collection.ingest(write(tmp_path / f"{number}.wav", tone(600 + 50 * number, 1.0, level=0.4)))
    fitted = collection.spaces.all()["emotion"]
    assert fitted is not None
    assert fitted.people == 0
    assert collection.spaces.default() == "scores"
    collection.ingest(write(tmp_path / "known.wav", tone(900, 1.0, level=0.4)), speaker="anna")
    collection.spaces.fit()
    assert collection.spaces.default() == "emotion"


def test_too_little_to_learn_from(database: Database, tmp_path: Path) -> None:
    collection = database.collection("few")
    collection.ingest(write(tmp_path / "one.wav", tone(600, 1.0, level=0.4)))
    with pytest.raises(QueryError, match="has 1 utterances: a fit needs at least 200"):
        collection.spaces.fit()


def test_an_ingest_fits_when_there_is_enough_and_again_when_that_has_doubled(
    database: Database, calls: Collection, tmp_path: Path
) -> None:
    def ingest(number: int) -> int | None:
        calls.ingest(write(tmp_path / f"more-{number}.wav", tone(600 + number, 1.0, level=0.4)), customer="first")
        fitted = calls.spaces.all().get("emotion")
        return fitted.version if fitted else None

    assert calls.spaces.default() == "scores"
    assert ingest(1) == 1
    assert ingest(2) == 1
    add(database, tmp_path, range(1000, 1280))
    assert ingest(3) == 2
    assert ingest(4) == 2


def test_a_new_version_has_an_index_of_its_own_and_the_old_one_goes(
    calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_MIN", 10)
    folder = calls._parts.settings.index_dir
    for version in (1, 2):
        calls.spaces.fit()
        nearest_of(calls, 5)
        assert [path.name for path in folder.glob("*-emotion-*") if any(path.iterdir())] == [
            f"c1-g1-emotion-v{version}"
        ]
    assert calls.check().consistent


def test_what_was_prepared_of_a_fit_that_was_killed_is_never_taken_for_another(
    calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_MIN", 10)
    calls.spaces.fit()
    parts = calls._parts
    with parts.store.read() as unit:
        collection = unit.collections.get("calls")
        map_ = unit.fitted_spaces.read(collection)

    with monkeypatch.context() as killed:
        killed.setattr(spaces, "fitted_to", lambda *_: replace(map_, basis=-map_.basis[:, ::-1], offsets={}))
        killed.setattr(FittedSpaces, "replace", raise_interrupt)
        with pytest.raises(KeyboardInterrupt):
            calls.spaces.fit()
    assert calls.spaces.fit().version == 3
    assert calls.check().consistent


def raise_interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_other_processes_follow_a_fit_and_a_change_of_speaker(calls: Collection, tmp_path: Path) -> None:
    with emovec_db.open(tmp_path / "data", encoder="fake") as other:
        elsewhere = other.collection("calls")
        calls.spaces.fit()
        assert nearest_of(elsewhere, 20) == nearest_of(calls, 20)
        with calls._parts.store.write() as unit:
            recording_id = unit.utterances.get(unit.collections.get("calls"), 20).recording_id
            unit.recordings.update_details(recording_id, Details(speaker="speaker 3"))
        assert elsewhere.check().consistent
        assert calls.check().consistent
        assert nearest_of(elsewhere, 20) == nearest_of(calls, 20)


def test_people_are_forgotten_with_their_recordings(calls: Collection) -> None:
    calls.spaces.fit()
    calls.similar_by_id(2)
    with calls._parts.store.read() as unit:
        collection = unit.collections.get("calls")
        of_zero = [
            one.recording_id
            for one in unit.utterances.rows(collection, range(1, 272)).values()
            if one.speaker == "speaker 0"
        ]
    for recording_id in of_zero:
        calls.delete(recording_id)
    fitted = calls.spaces.all()["emotion"]
    assert fitted is not None
    assert (fitted.people, fitted.forgotten) == (SPEAKERS, 1)
    assert "speaker:speaker 0" not in calls._parts.spaces.named(collection, "emotion").map.offsets  # type: ignore[attr-defined]
    assert calls.check().consistent


def test_who_was_forgotten_and_comes_again_is_a_stranger_everywhere(calls: Collection) -> None:
    calls.spaces.fit()
    calls.similar_by_id(2)
    with calls._parts.store.write() as unit:
        collection = unit.collections.get("calls")
        found = unit.utterances.rows(collection, range(1, 272)).values()
        of_zero = [one.recording_id for one in found if one.speaker == "speaker 0"]
        another = next(one.recording_id for one in found if one.speaker == "speaker 1")
        for recording_id in of_zero:
            unit.recordings.update_details(recording_id, Details(speaker="speaker 2"))
        unit.recordings.update_details(another, Details(speaker="speaker 0"))
    parts = calls._parts
    space = parts.spaces.named(collection, "emotion")
    with parts.store.read() as unit:
        ids, vectors = stored_vectors(unit, collection, space)
    with parts.indexes.level(collection, space) as level:
        itself = level.nearest(vectors, 1, Filter())
    np.testing.assert_allclose(itself.similarities[:, 0], 1, atol=1e-5)
    assert set(itself.ids[:, 0].tolist()) == set(ids.tolist())


def test_a_recording_is_mapped_as_who_is_said_to_speak_in_it(calls: Collection, tmp_path: Path) -> None:
    calls.spaces.fit()
    file = write(tmp_path / "new.wav", babble(1, seed=50))
    calls.ingest(file, speaker="speaker 1")

    def nearness(**said: str) -> float:
        (match,) = calls.similar(file, k=1, space="emotion", where="speaker = 'speaker 1' and channel = mix", **said)  # type: ignore[arg-type]
        return match.similarity

    assert nearness(recording_speaker="speaker 1") == pytest.approx(1, abs=1e-6)
    assert nearness() < 0.9999
    assert nearness() == nearness(recording_speaker="nobody known") == nearness(recording_customer="speaker 1")
    others = calls.similar(file, k=300, recording_speaker="speaker 1", exclude_same="speaker")
    assert {match.utterance.speaker for match in others}.isdisjoint({"speaker 1"})
    assert all(match.explanation and match.explanation.same_speaker is not True for match in others)
    with pytest.raises(QueryError, match="exclude_same needs a query that is stored"):
        calls.similar(file, exclude_same="customer", recording_speaker="speaker 1")


def test_profiles_and_clusters_use_it_where_it_is_fitted(calls: Collection) -> None:
    calls.spaces.fit()
    profile = calls.profile("first")
    # it takes off what is usual for a customer, so it can't say who is like whom
    assert (profile.space, profile.nearest_space) == ("emotion", "scores")
    assert calls.cluster(2).space == "emotion"
