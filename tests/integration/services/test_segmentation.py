"""Recordings cut at pauses or into windows: what is stored, what is left out, and which may meet."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emovec_db.audio.decode import decode
from emovec_db.database import Database
from emovec_db.domain.encoding import Frames
from emovec_db.domain.sound import SoundLimits, Waveform
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import NoSpeechError, QueryError, RecipeMismatchError
from tests.sounds import babble, noise, tone, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=600)


def test_a_call_becomes_utterances_of_speech_and_the_rest_is_accounted_for(database: Database, call: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(call)
    assert calls.summary().collection.generation.recipe.segmentation == "pauses-1"
    recording, utterances = calls.recording(1), calls.utterances(1)

    assert len(utterances) == 8
    assert all(1 <= one.end_s - one.start_s <= 10.2 for one in utterances)
    assert all(before.end_s < after.start_s for before, after in pairwise(utterances))
    assert recording.left_out.other_sound_s == pytest.approx(10, abs=1)
    assert recording.left_out.silence_s == pytest.approx(32, abs=3)
    heard_s = sum(one.end_s - one.start_s for one in utterances)
    assert heard_s + recording.left_out.total_s == pytest.approx(recording.quality.duration_s, abs=1e-6)

    weights = np.array([one.end_s - one.start_s for one in utterances])
    scores = np.array([one.prediction.scores for one in utterances])
    np.testing.assert_allclose(recording.summary.scores, weights @ scores / weights.sum(), atol=1e-6)
    assert calls.audit().max_embedding_deviation == 0
    assert calls.check().consistent


def test_classifying_it_gives_the_utterances_that_are_stored(database: Database, call: Path) -> None:
    calls = database.collection("calls")
    before = calls.classify(call)
    calls.ingest(call)
    for heard in (before, calls.classify(call)):
        spans = [(one.start_s, one.end_s) for one in heard.timeline.utterances]
        assert spans == [(one.start_s, one.end_s) for one in calls.utterances(1)]
        assert heard.left_out == calls.recording(1).left_out
        assert heard.prediction.scores == pytest.approx(calls.recording(1).summary.scores)


def test_the_same_call_in_another_file_has_the_same_utterances(database: Database, call: Path) -> None:
    twin = write(call.with_name("twin.flac"), np.asarray(decode(call, limits=LIMITS)[0].waveform))
    calls = database.collection("calls")
    calls.ingest(call)
    report = calls.ingest(twin)
    assert any("sounds the same" in note for note in report.notes)
    assert calls.recording(2).left_out == calls.recording(1).left_out
    assert [one.end_s for one in calls.utterances(2)] == [one.end_s for one in calls.utterances(1)]


def test_a_clip_is_one_utterance_even_without_speech(database: Database, tmp_path: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "hum.wav", tone(300, 25, level=0.2)))
    (utterance,) = calls.utterances(1)
    assert (utterance.start_s, utterance.end_s) == (0, 25)
    assert calls.recording(1).left_out.total_s == 0


def test_windows_are_cut_by_length(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "long.wav", babble(70, seed=4))
    calls = database.collection("calls")
    calls.ingest(file, segmentation="windows")
    utterances = calls.utterances(1)
    assert len(utterances) == 5
    assert all(10 <= one.end_s - one.start_s <= 15 for one in utterances)
    assert len(calls.classify(file).timeline.utterances) == 5
    assert calls.audit().max_embedding_deviation == 0


def test_no_speech_in_a_long_recording_is_a_failure_with_its_reason(database: Database, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    music = write(tmp_path / "archive" / "music.wav", tone(300, 40, level=0.2))
    calls = database.collection("calls")
    report = calls.ingest(music.parent)
    assert (report.ingested, report.failed) == (0, 1)
    assert report.errors[0].code == calls.failures()[0].code == "no_speech"
    assert "no speech was heard in 40 s of sound (0 s of it silence)" in report.errors[0].message
    for ask in (calls.classify, calls.similar):
        with pytest.raises(NoSpeechError, match="windows"):
            ask(music)
    assert database.collection("music").ingest(music, segmentation="windows").ingested == 1


def test_a_party_that_never_speaks_fails_alone(database: Database, call: Path) -> None:
    spoken = decode(call, limits=LIMITS)[0].waveform
    both = np.stack([spoken, noise(len(spoken) / 16_000, rms=0.003)], axis=1)
    report = database.collection("calls").ingest(
        write(call.with_name("both.wav"), both), roles={"left": "customer", "right": "agent"}
    )
    assert (report.ingested, report.failed) == (1, 1)
    assert report.errors[0].message.startswith("channel right: no speech was heard")


def test_two_segmentations_never_meet(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive, segmentation="windows")
    with pytest.raises(RecipeMismatchError, match=r"'calls' was made with segmentation windows-1, not pauses.*another"):
        calls.ingest(archive, segmentation="pauses")
    assert calls.ingest(archive).unchanged == calls.ingest(archive, segmentation="windows").unchanged == 8


def test_a_collection_made_empty_keeps_its_segmentation(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.create(segmentation="windows")
    calls.create()
    assert (calls.exists(), calls.summary().recordings) == (True, 0)
    calls.ingest(archive)
    assert calls.summary().collection.generation.recipe.segmentation == "windows-1"


def test_an_unknown_segmentation_makes_no_collection(database: Database, archive: Path) -> None:
    with pytest.raises(QueryError, match="unknown segmentation 'vad'; expected one of: pauses, windows"):
        database.collection("calls").ingest(archive, segmentation="vad")
    assert not database.collection("calls").exists()


def test_frames_of_a_call_are_computed_in_windows_that_change_in_its_pauses(
    database: Database, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode_frames, given = FakeEncoder.encode_frames, []

    def listen(self: FakeEncoder, waveform: Waveform, **options: Any) -> Frames:
        given.append(options["pauses_s"])
        return encode_frames(self, waveform, **options)

    calls = database.collection("calls")
    calls.ingest(call)
    monkeypatch.setattr(FakeEncoder, "encode_frames", listen)
    calls.classify(call, frames=True)
    utterances = calls.utterances(1)
    assert given == [tuple((before.end_s + after.start_s) / 2 for before, after in pairwise(utterances))]
