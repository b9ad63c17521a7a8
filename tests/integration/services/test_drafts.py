"""Drafts: heard as any recording, kept for an hour, and held to the policy at every use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Collection, Database
from emovec_db.domain.classification import Classification
from emovec_db.domain.job import JobState
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import SoundLimits
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import NotFoundError, QueryError, RefusedError, SilentError, SuppressedError, TooShortError
from emovec_db.services.drafts.files import ORIGINAL
from tests.calls import customer, files_with_agent, write_call
from tests.conftest import ROOT
from tests.sounds import babble, tone, write

LIMITS = SoundLimits(10**7, 600)


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    """Agent on the left, customer on the right."""
    return write_call(tmp_path / "stereo.wav", seconds=2)


def drafts_left(database: Database) -> list[str]:
    folder = database.settings.drafts_dir
    return os.listdir(folder) if folder.exists() else []


def forbid_elsewhere(calls: Collection) -> None:
    """As a machine does that shares the database and not the folder of drafts."""
    calls._parts.policies.forbid(calls._opened(), "agent", reason="", by=None, delete_existing=True)


def assert_same(one: Classification, other: Classification) -> None:
    assert one.prediction == other.prediction
    np.testing.assert_array_equal(one.embedding, other.embedding)
    assert (one.encoder_id, one.encoder_notice, one.left_out) == (
        other.encoder_id,
        other.encoder_notice,
        other.left_out,
    )
    assert (one.quality, one.sound.cleaning) == (other.quality, other.sound.cleaning)
    np.testing.assert_array_equal(one.sound.waveform, other.sound.waveform)
    for mine, theirs in zip(one.timeline.utterances, other.timeline.utterances, strict=True):
        assert (mine.start_s, mine.end_s, mine.voice) == (theirs.start_s, theirs.end_s, theirs.voice)
        assert mine.prediction == theirs.prediction
    assert (one.frames is None) == (other.frames is None)
    if one.frames is not None and other.frames is not None:
        assert one.frames.hz == other.frames.hz
        np.testing.assert_array_equal(one.frames.scores, other.frames.scores)


@pytest.mark.parametrize("frames", [False, True])
@pytest.mark.parametrize("cleaning", [[], ["high-pass", "normalise"]])
def test_a_draft_says_what_classify_says(database: Database, call: Path, frames: bool, cleaning: list[str]) -> None:
    calls = database.collection("calls")
    calls.create(clean=cleaning)

    draft = calls.drafts.get(calls.drafts.make(call, frames=frames).token)
    assert_same(draft.heard, calls.classify(call, frames=frames))
    np.testing.assert_array_equal(draft.sound.waveform, decode(call, limits=LIMITS)[0].waveform)
    assert (draft.file_name, draft.size_bytes, draft.role) == ("call.wav", call.stat().st_size, None)
    played, rate_hz = soundfile.read(calls.drafts.audio(draft.token), dtype="float32")
    assert rate_hz == 16_000
    np.testing.assert_allclose(played, np.clip(draft.heard.sound.waveform, -1, 1), atol=1 / 32_000)
    assert calls.summary().recordings == 0


def test_a_collection_need_not_exist(database: Database, stereo: Path) -> None:
    new = database.collection("new")
    token = new.drafts.make(stereo).token

    assert new.drafts.get(token).heard.prediction == database.classify(stereo).prediction
    assert not new.exists()
    with pytest.raises(NotFoundError):
        database.collection("other").drafts.get(token)
    with pytest.raises(NotFoundError):
        database.collection("other").drafts.forget(token)
    new.drafts.forget(token)
    assert drafts_left(database) == []


@given(start=st.integers(0, 15_999), samples=st.integers(3_200, 16_000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stretch_is_heard_as_a_recording_for_itself(
    database: Database, tmp_path: Path, start: int, samples: int
) -> None:
    sound = np.concatenate([tone(200, 1), tone(1000, 1)])
    calls = database.collection("calls")
    token = calls.drafts.make(write(tmp_path / "a.wav", sound, subtype="FLOAT")).token
    alone = write(tmp_path / "part.wav", sound[start : start + samples], subtype="FLOAT")

    heard = calls.drafts.classify(token, start / 16_000, (start + samples) / 16_000, frames=True)
    expected = calls.classify(alone, frames=True)
    assert heard.prediction == expected.prediction
    np.testing.assert_array_equal(heard.embedding, expected.embedding)
    assert heard.frames is not None
    assert expected.frames is not None
    np.testing.assert_array_equal(heard.frames.scores, expected.frames.scores)
    assert heard.quality == expected.quality
    calls.drafts.forget(token)


@pytest.mark.parametrize(
    ("start_s", "end_s", "error"),
    [(0, 2.5, QueryError), (1, 1, QueryError), (1, 0.5, QueryError), (-1, 1, QueryError), (0, float("nan"), QueryError),
     (0.5, 0.6, TooShortError), (1.2, 1.8, SilentError)],
)  # fmt: skip
def test_what_is_no_stretch(
    database: Database, tmp_path: Path, start_s: float, end_s: float, error: type[Exception]
) -> None:
    calls = database.collection("calls")
    token = calls.drafts.make(
        write(tmp_path / "a.wav", np.concatenate([tone(200, 1), np.zeros(16_000, np.float32)]))
    ).token

    with pytest.raises(error, match="stretch"):
        calls.drafts.classify(token, start_s, end_s)


def test_searching_by_a_draft_is_searching_by_its_file(database: Database, archive: Path, tmp_path: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive, customer_from="{customer}/*.wav")
    sound = np.concatenate([tone(200, 1), tone(1000, 1)])
    token = calls.drafts.make(write(tmp_path / "a.wav", sound, subtype="FLOAT")).token
    half = write(tmp_path / "half.wav", sound[16_000:], subtype="FLOAT")

    def found(answer: Any) -> list[tuple[int, float]]:
        return [(match.utterance.utterance_id, match.similarity) for match in answer]

    assert found(calls.drafts.similar(token, k=4)) == found(calls.similar(tmp_path / "a.wav", k=4))
    assert found(calls.drafts.similar(token, start_s=1, k=4)) == found(calls.similar(half, k=4))
    assert found(calls.drafts.similar(token, end_s=1, k=4, customer="cross"))[0][1] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("channel", ["mix", "right"])
def test_storing_a_draft_is_uploading_its_file(database: Database, stereo: Path, channel: str) -> None:
    by_draft, by_file = database.collection("draft"), database.collection("file")
    details = Details(customer="c7", metadata={"queue": 7})
    token = by_draft.drafts.make(stereo, channel=channel, role="customer", file_name="who?.wav").token

    job = by_draft.drafts.upload(token, details=details)
    with stereo.open("rb") as stream:
        by_file.upload(
            stream, "who?.wav", details=Details(**{**details.as_params(), "role": "customer"}), channels=[channel]
        )
    for _ in range(2):
        database.run_next_job("test")
    assert database.job(job.job_id).state is JobState.DONE
    (stored,), (expected,) = by_draft.recordings().items, by_file.recordings().items
    assert (stored.sha256, stored.channel, stored.uris, stored.details, stored.quality) == (
        expected.sha256, expected.channel, expected.uris, expected.details, expected.quality,
    )  # fmt: skip
    assert by_draft.drafts.get(token).role == "customer"
    by_draft.delete(stored.recording_id)
    with pytest.raises(NotFoundError):
        by_draft.drafts.get(token)
    token = by_draft.drafts.make(stereo, channel=channel, role="customer", file_name="who?.wav").token
    with pytest.raises(SuppressedError):
        by_draft.drafts.upload(token)
    assert by_draft.drafts.upload(token, allow_again=True)


def test_under_a_policy_only_the_sound_of_the_channel_is_kept(database: Database, stereo: Path, tmp_path: Path) -> None:
    calls = database.collection("calls")
    calls.forbid_role("agent")
    said: dict[str, Any]
    for said in ({}, {"role": "agent", "channel": "left"}, {"role": "customer"}):
        with pytest.raises(RefusedError):
            calls.drafts.make(stereo, **said)
        assert drafts_left(database) == []

    token = calls.drafts.make(stereo, role="customer", channel="right").token
    assert not (database.settings.drafts_dir / token / ORIGINAL).exists()
    assert files_with_agent(tmp_path / "data") == []
    calls.drafts.upload(token)
    job = database.run_next_job("test")
    assert job is not None
    assert job.counts == {"ingested": 1}
    (stored,) = calls.recordings().items
    assert stored.details.role == "customer"
    assert stored.pcm_sha256 == calls.drafts.get(token).sound.pcm_sha256
    assert stored.uris[0].endswith("/stereo.wav")
    assert files_with_agent(tmp_path / "data") == []


def test_under_a_policy_a_long_draft_can_be_stored(tmp_path: Path) -> None:
    """As WAV its sound has more bytes than an upload may have."""
    with emovec_db.open(tmp_path / "small", encoder="fake", upload_max_mb=0.1) as database:
        calls = database.collection("calls")
        calls.forbid_role("agent")
        file = write(tmp_path / "a.ogg", customer(20), subtype="VORBIS", format="OGG")
        assert file.stat().st_size < 100_000
        calls.drafts.upload(calls.drafts.make(file, role="customer").token)
        job = database.run_next_job("test")
        assert job is not None
        assert job.counts == {"ingested": 1}


@pytest.mark.parametrize("use", [
    lambda drafts, token: drafts.get(token),
    lambda drafts, token: drafts.audio(token),
    lambda drafts, token: drafts.classify(token, 0, 1),
    lambda drafts, token: drafts.similar(token),
    lambda drafts, token: drafts.upload(token),
    lambda drafts, token: drafts.upload(token, details=Details(role="customer")),
])  # fmt: skip
@pytest.mark.parametrize("said", [{"role": "agent", "channel": "left"}, {}, {"role": "customer"}])
def test_a_policy_that_came_later_holds_for_every_use(
    database: Database, stereo: Path, use: Any, said: dict[str, str]
) -> None:
    calls = database.collection("calls")
    calls.create()
    token = calls.drafts.make(stereo, **said).token
    use(calls.drafts, token)
    while database.run_next_job("test"):
        pass
    forbid_elsewhere(calls)

    with pytest.raises(RefusedError):
        use(calls.drafts, token)
    assert drafts_left(database) == []


def test_a_policy_that_came_later_takes_the_file(database: Database, stereo: Path, tmp_path: Path) -> None:
    calls = database.collection("calls")
    token = calls.drafts.make(stereo, role="customer", channel="right").token
    assert (database.settings.drafts_dir / token / ORIGINAL).read_bytes() == stereo.read_bytes()
    forbid_elsewhere(calls)

    assert calls.drafts.get(token).heard.prediction.label == "neutral"
    assert files_with_agent(tmp_path / "data") == []


def test_forbidding_a_role_takes_its_drafts_at_once(database: Database, stereo: Path, tmp_path: Path) -> None:
    calls, other = database.collection("calls"), database.collection("other")
    kept = calls.drafts.make(stereo, role="customer", channel="right").token
    for said in ({"role": "agent", "channel": "left"}, {"role": "customer"}, {}):
        calls.drafts.make(stereo, **said)
    calls.forbid_role("agent")

    assert drafts_left(database) == [kept]
    assert files_with_agent(tmp_path / "data") == []
    elsewhere = other.drafts.make(stereo).token
    calls.forbid_role("other")
    assert sorted(drafts_left(database)) == sorted([kept, elsewhere])
    assert (database.settings.drafts_dir / elsewhere / ORIGINAL).exists()


def test_a_role_forbidden_while_a_draft_is_made_is_kept_out(
    database: Database, stereo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, encode = database.collection("calls"), FakeEncoder.encode

    def forbid_meanwhile(self: FakeEncoder, waveforms: Any) -> Any:
        forbid_elsewhere(calls)
        return encode(self, waveforms)

    monkeypatch.setattr(FakeEncoder, "encode", forbid_meanwhile)
    with pytest.raises(RefusedError):
        calls.drafts.make(stereo, role="agent", channel="left")
    assert drafts_left(database) == []


def test_what_can_not_be_heard_leaves_nothing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(emovec_db.errors.NotAudioError):
        database.collection("calls").drafts.make(tmp_path / "a.wav")
    assert drafts_left(database) == []


def test_deleting_others_leaves_drafts_to_their_hour(
    database: Database, stereo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [1_000_000.0]
    calls = database.collection("calls")
    monkeypatch.setattr(database._parts.drafts.folder, "_clock", lambda: now_s[0])
    token = calls.drafts.make(stereo).token
    calls.ingest(write(stereo.with_name("other.wav"), babble(1)))
    (other,) = calls.recordings().items
    calls.delete(other.recording_id)

    draft = calls.drafts.get(token)
    assert draft.created_at.timestamp() == now_s[0]
    now_s[0] = draft.expires_at.timestamp()
    database.sweep_drafts()
    assert drafts_left(database) == []


def test_real_speech_by_compact(tmp_path: Path) -> None:
    sample = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"
    with emovec_db.open(tmp_path / "data", encoder="compact") as database:
        calls = database.collection("calls")
        draft = calls.drafts.make(sample, frames=True)
        assert_same(draft.heard, calls.classify(sample, frames=True))
        database.empty_drafts()
        with pytest.raises(NotFoundError, match="send the recording again"):
            calls.drafts.get(draft.token)


def test_a_deleted_recording_takes_its_drafts_along(database: Database, call: Path, stereo: Path) -> None:
    calls, elsewhere = database.collection("calls"), database.collection("elsewhere")
    draft, other, away = calls.drafts.make(call), calls.drafts.make(stereo), elsewhere.drafts.make(call)
    calls.drafts.upload(draft.token, details=Details(customer="amara"))
    database.run_next_job("test")

    assert calls.delete_customer("amara").recordings == 1

    with pytest.raises(NotFoundError):
        calls.drafts.get(draft.token)
    assert calls.drafts.get(other.token).token == other.token
    assert elsewhere.drafts.get(away.token).token == away.token


@pytest.mark.parametrize("heard", ["mix", "left", "right"])
@pytest.mark.parametrize("deleted", ["mix", "left", "right"])
def test_a_deleted_channel_takes_every_draft_of_its_file_along(
    database: Database, stereo: Path, heard: str, deleted: str
) -> None:
    calls = database.collection("calls")
    token = calls.drafts.make(stereo, channel=heard).token
    calls.ingest(stereo, channels=[deleted])
    (stored,) = calls.recordings().items
    assert stored.channel == deleted

    calls.delete(stored.recording_id)

    with pytest.raises(NotFoundError):
        calls.drafts.get(token)
    assert drafts_left(database) == []
