"""What becomes of recordings that come again: the same, renamed, changed, with other details."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import soundfile

import emovec_db
from emovec_db.database import Database
from emovec_db.domain.ingest import IngestProgress
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import EncoderMismatchError, NotFoundError, PrecisionError, QueryError
from tests.sounds import babble, write

from .conftest import PATTERN


def test_same_archive_twice_adds_nothing(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    assert calls.ingest(archive).ingested == 8
    again = calls.ingest(archive)
    assert (again.ingested, again.unchanged) == (0, 8)
    assert calls.summary().recordings == 8


def test_pattern_fills_details_and_metadata(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive, customer_from=PATTERN)
    (sad,) = calls.recordings(customer="calm", label="sad").items
    assert sad.details.recorded_at == datetime(2026, 5, 3, tzinfo=UTC)
    assert sad.details.metadata == {"topic": "sad"}


def test_renamed_copy_adds_a_source_not_a_recording(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    original = archive / "calm" / "2026-05-01_neutral.wav"
    shutil.copy(original, archive / "copy.wav")
    report = calls.ingest(archive)
    assert (report.ingested, report.updated, report.unchanged) == (0, 1, 8)
    both = [one for one in calls.recordings().items if len(one.uris) == 2]
    assert len(both) == 1
    assert {uri.rsplit("/", 1)[1] for uri in both[0].uris} == {"copy.wav", original.name}


def test_same_bytes_with_other_details_keep_the_first_and_say_so(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive, customer_from=PATTERN)
    shutil.copytree(archive / "calm", archive / "crosser")
    report = calls.ingest(archive, customer_from=PATTERN)
    assert report.updated == 4
    assert sum("other details" in note for note in report.notes) == 4
    assert calls.customers() == ("calm", "cross")


def test_later_details_of_the_same_uri_update(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    assert calls.customers() == ()
    report = calls.ingest(archive, customer_from=PATTERN)
    assert (report.updated, report.unchanged) == (8, 0)
    assert calls.customers() == ("calm", "cross")
    assert calls.ingest(archive).unchanged == 8, "saying nothing takes nothing away"
    assert calls.customers() == ("calm", "cross")


def test_replaced_file_is_a_new_recording_and_the_old_one_stays(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", babble(1, seed=1))
    calls = database.collection("calls")
    calls.ingest(file)
    write(file, babble(1.5, seed=2))
    assert calls.ingest(file).ingested == 1
    assert calls.summary().recordings == 2
    assert calls.check().consistent


def test_same_sound_in_another_file_is_reported_and_not_encoded_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = babble(1, seed=3)
    write(tmp_path / "a.wav", samples)
    soundfile.write(tmp_path / "a.flac", soundfile.read(tmp_path / "a.wav", dtype="int16")[0], 16_000)
    encoded: list[int] = []
    encode = FakeEncoder.encode
    monkeypatch.setattr(
        FakeEncoder, "encode", lambda self, waveforms: (encoded.append(len(waveforms)), encode(self, waveforms))[1]
    )
    calls = database.collection("calls")
    calls.ingest(tmp_path / "a.wav")
    report = calls.ingest(tmp_path / "a.flac")
    assert report.ingested == 1
    assert "sounds the same as recording 1" in report.notes[0]
    assert sum(encoded) == 1
    first, second = calls.similar(tmp_path / "a.wav", k=2)
    assert first.similarity == pytest.approx(second.similarity, abs=1e-6)


def test_classifying_the_same_sound_twice_encodes_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Any] = []
    encode = FakeEncoder.encode
    monkeypatch.setattr(
        FakeEncoder, "encode", lambda self, waveforms: (encoded.extend(waveforms), encode(self, waveforms))[1]
    )
    file = write(tmp_path / "a.wav", babble(1))
    first, second = database.classify(file), database.classify(file)
    assert first.prediction == second.prediction
    assert len(encoded) == 1


def test_two_encoders_never_meet(database: Database, archive: Path, tmp_path: Path) -> None:
    database.collection("calls").ingest(archive)
    clip = archive / "calm" / "2026-05-01_neutral.wav"
    with emovec_db.open(tmp_path / "data", encoder="compact") as other:
        calls = other.collection("calls")
        for attempt in (lambda: calls.ingest(archive), lambda: calls.similar(clip), lambda: calls.classify(clip)):
            with pytest.raises(EncoderMismatchError, match=r"holds embeddings of fake@.*Use another collection"):
                attempt()
        assert calls.similar_by_id(1), "stored vectors need no encoder"
    with emovec_db.open(tmp_path / "data") as unsaid:
        assert unsaid.collection("calls").similar(clip), "the collection knows its encoder"


@pytest.mark.parametrize("source", ["compact", "fake"])
def test_the_settings_precision_is_for_new_collections(tmp_path: Path, archive: Path, source: str) -> None:
    with emovec_db.open(tmp_path / "data", encoder=source) as database:
        database.collection("calls").ingest(archive)
    with emovec_db.open(tmp_path / "data", precision="int8") as later:
        calls = later.collection("calls")
        assert calls.similar(archive / "calm" / "2026-05-01_neutral.wav", k=1)[0].similarity == pytest.approx(1)
        with pytest.raises(PrecisionError, match="compact computes at fp32 only, and int8 is asked for"):
            later.collection("new").ingest(archive)
        assert not later.collection("new").exists()


def test_progress_counts_up_to_the_total(database: Database, archive: Path) -> None:
    seen: list[IngestProgress] = []
    database.collection("calls").ingest(archive, progress=seen.append)
    assert seen[-1].done == seen[-1].total == 8
    assert [one.done for one in seen] == sorted(one.done for one in seen)


def test_nonsense_is_refused_before_anything_is_stored(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    for attempt in (
        calls.ingest,
        lambda: calls.ingest(archive, customer_from="{customer"),
        lambda: calls.ingest(archive, channels=()),
        lambda: calls.ingest(archive, roles={"left": "boss"}),
        lambda: calls.ingest(archive, role="boss"),
    ):
        with pytest.raises(QueryError):
            attempt()
    assert not calls.exists()
    with pytest.raises(NotFoundError, match="calls"):
        calls.similar(archive / "calm" / "2026-05-01_neutral.wav")


def test_a_failure_is_forgotten_with_its_file_or_its_customer(database: Database, tmp_path: Path) -> None:
    calls = database.collection("calls")
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_text("no sound")
    assert calls.ingest(tmp_path / "a.wav", tmp_path / "b.wav", customer="c1").failed == 2
    (tmp_path / "a.wav").unlink()
    report = calls.ingest(retry_failed=True)
    assert report.failed == 1
    assert "is gone now: forgotten" in report.notes[0]
    assert [item.uri.rsplit("/", 1)[1] for item in calls.failures()] == ["b.wav"]
    assert calls.failures()[0].params["details"]["mix"]["customer"] == "c1"
    assert calls.delete_customer("c1").recordings == 0
    assert calls.failures() == ()
    with pytest.raises(NotFoundError):
        calls.delete_customer("c1")


def test_an_interrupt_keeps_what_is_committed_and_ends_the_job(database: Database, tmp_path: Path) -> None:
    for seed in range(80):
        write(tmp_path / f"{seed}.wav", babble(0.5, seed=seed))
    calls = database.collection("calls")

    def interrupt(progress: IngestProgress) -> None:
        if progress.done >= 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calls.ingest(tmp_path, progress=interrupt)
    (job,) = database.jobs().items
    assert job.state == "failed"
    assert "run the same ingest again" in (job.error or "")
    kept = calls.summary().recordings
    assert 32 <= kept < 80
    assert calls.ingest(tmp_path).ingested == 80 - kept


def test_what_could_be_read_again_is_no_failure_any_more(database: Database, tmp_path: Path) -> None:
    """Of a medium that was away: a folder, which is not stored itself, and a file that was stored before."""
    calls = database.collection("calls")
    (tmp_path / "in" / "below").mkdir(parents=True)
    recording = write(tmp_path / "in" / "below" / "a.wav", babble(1))
    calls.ingest(tmp_path / "in")
    kept = (tmp_path / "in" / "below").rename(tmp_path / "kept")
    calls.ingest(tmp_path / "in" / "below", recording)
    assert [Path(item.uri).name for item in calls.failures()] == ["below", "a.wav"]
    calls.ingest(tmp_path / "in")
    assert len(calls.failures()) == 2, "they are still away"
    kept.rename(tmp_path / "in" / "below")
    assert calls.ingest(tmp_path / "in").unchanged == 1
    assert calls.failures() == ()
