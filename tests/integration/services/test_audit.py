"""Stored numbers against what the same sound gives today."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emovec_db.audio.decode import DECODE_CHAIN
from emovec_db.database import Database
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import QueryError
from tests.sounds import babble, write


def test_a_sound_collection_has_no_deviation(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    report = calls.audit()
    assert (report.utterances, report.gone, report.decoded_otherwise) == (8, 0, 0)
    assert report.max_embedding_deviation == report.max_score_deviation == 0
    assert report.min_cosine == pytest.approx(1, abs=1e-6)
    assert calls.audit(sample=3).utterances == 3
    with pytest.raises(QueryError, match="at least 1"):
        calls.audit(sample=0)


def test_a_changed_embedding_is_found_and_a_lost_file_counted(
    database: Database, archive: Path, tmp_path: Path
) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    (archive / "calm" / "2026-05-01_neutral.wav").unlink()
    write(archive / "calm" / "2026-05-02_neutral.wav", babble(1, seed=1))
    with sqlite3.connect(tmp_path / "data" / "emovec.db") as connection:
        (stored,) = connection.execute("SELECT vector FROM embeddings WHERE utterance_id = 8").fetchone()
        vector = np.frombuffer(stored, "<f4").copy()
        vector[3] += 0.25
        connection.execute("UPDATE embeddings SET vector = ? WHERE utterance_id = 8", (vector.tobytes(),))
    connection.close()
    report = calls.audit()
    assert (report.utterances, report.gone) == (6, 2)
    assert report.max_embedding_deviation == pytest.approx(0.25, abs=1e-6)
    assert report.min_cosine is not None
    assert report.min_cosine < 0.999


def test_windows_of_a_long_recording_are_compared_with_themselves(database: Database, tmp_path: Path) -> None:
    write(tmp_path / "long.wav", babble(70, seed=2))
    calls = database.collection("calls")
    calls.ingest(tmp_path / "long.wav", segmentation="windows")
    report = calls.audit()
    assert report.utterances == 5
    assert report.max_embedding_deviation == 0


def test_every_utterance_tells_where_its_numbers_came_from(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the one whose sound was not encoded again, because it was known from another file."""
    calls = database.collection("calls")
    first = write(tmp_path / "a.wav", babble(1))
    calls.ingest(first)
    monkeypatch.setattr(FakeEncoder, "backend", "numpy-gpu")
    calls.ingest(write(tmp_path / "b.flac", soundfile.read(first, dtype="int16")[0]))
    calls.ingest(write(tmp_path / "c.wav", babble(1, seed=5)))
    by_number = [calls.utterances(number)[0] for number in (1, 2, 3)]
    assert [one.provenance.backend for one in by_number] == ["numpy-cpu", "numpy-cpu", "numpy-gpu"]
    assert {one.provenance.decode_chain for one in by_number} == {DECODE_CHAIN}
    assert {one.encoder for one in by_number} == {FakeEncoder().identity}
    assert calls.audit().backends == ("numpy-cpu", "numpy-gpu")
