"""Files whose channels are recordings of their own, and what becomes of their mix."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Collection, Database
from emovec_db.domain.sound import SoundLimits
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import QueryError, UnavailableError
from emovec_db.services import patience
from emovec_db.services.ingest import archive as archive_module
from tests.calls import AGENT_HZ, CUSTOMER_HZ, holds_agent, write_call

ROLES = {"left": "agent", "right": "customer"}


def by_channel(calls: Collection) -> dict[str, int]:
    return {one.channel: one.recording_id for one in calls.recordings().items}


@pytest.fixture
def call(tmp_path: Path) -> Path:
    return write_call(tmp_path / "call.wav")


def test_each_channel_is_a_recording_and_knows_its_sibling(database: Database, call: Path) -> None:
    calls = database.collection("calls")
    assert calls.ingest(call, roles=ROLES, customer="c1").ingested == 2
    ids = by_channel(calls)
    left, right = calls.recording(ids["left"]), calls.recording(ids["right"])
    assert (left.details.role, right.details.role) == ("agent", "customer")
    assert (left.summary.label, right.summary.label) == ("angry", "neutral")
    assert calls.siblings(left.recording_id) == (right,)
    assert calls.siblings(right.recording_id) == (left,)


def test_a_mono_recording_has_no_sibling(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    assert calls.siblings(1) == ()


def test_channels_replace_an_earlier_mix_in_the_same_transaction(database: Database, call: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(call, customer="c1", metadata={"topic": "gears"})
    (mix,) = by_channel(calls).values()
    assert calls.similar(call, k=1)[0].utterance.recording_id == mix

    report = calls.ingest(call, roles=ROLES)
    assert (report.ingested, report.failed) == (2, 0)
    assert any("its earlier mix was deleted" in note for note in report.notes)
    assert by_channel(calls).keys() == {"left", "right"}
    for one in calls.recordings().items:
        assert (one.details.customer, one.details.metadata) == ("c1", {"topic": "gears"}), "what was known stays known"
        assert one.details.role == ROLES[one.channel]
    assert mix not in {match.utterance.recording_id for match in calls.similar(call, k=5)}
    assert calls.check().consistent
    assert calls.ingest(call, roles=ROLES).unchanged == 2


def test_a_later_ingest_without_roles_does_not_bring_the_mix_back(
    database: Database, call: Path, tmp_path: Path
) -> None:
    calls = database.collection("calls")
    calls.ingest(call, roles=ROLES)
    stored = by_channel(calls)

    report = calls.ingest(call)
    assert (report.ingested, report.unchanged) == (0, 1)
    assert any("its mix was left out" in note for note in report.notes)
    copied = shutil.copy(call, tmp_path / "copy.wav")
    report = calls.ingest(copied)
    assert (report.ingested, report.updated) == (0, 1)
    assert by_channel(calls) == stored
    assert len(calls.recording(stored["left"]).uris) == 2
    assert calls.ingest(copied).unchanged == 1

    for recording_id in stored.values():
        calls.delete(recording_id)
    assert calls.ingest(call, allow_again=True).ingested == 1
    assert by_channel(calls).keys() == {"mix"}


def test_channels_that_are_stored_while_the_mix_is_encoded_win(
    database: Database, call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, late = FakeEncoder.encode, [ROLES]

    def ingest_meanwhile(self: FakeEncoder, waveforms: Any) -> Any:
        while late:
            with emovec_db.open(tmp_path / "data", encoder="fake") as other:
                other.collection("calls").ingest(call, roles=late.pop())
        return encode(self, waveforms)

    monkeypatch.setattr(FakeEncoder, "encode", ingest_meanwhile)
    calls = database.collection("calls")
    report = calls.ingest(call)
    assert (report.ingested, report.unchanged) == (0, 1)
    assert by_channel(calls).keys() == {"left", "right"}


def test_mix_and_channels_are_never_asked_for_together(database: Database, call: Path) -> None:
    with pytest.raises(QueryError, match="either mixed or by channels"):
        database.collection("calls").ingest(call, channels=("mix", "left"))


@pytest.mark.parametrize("roles", [{"left": "agent", "ch0": "customer"}, {"ch1": "agent", "right": "customer"}])
def test_one_channel_has_one_role(database: Database, call: Path, roles: dict[str, str]) -> None:
    with pytest.raises(QueryError, match="are one and the same"):
        database.collection("calls").ingest(call, roles=roles)


def test_an_upload_by_channels_replaces_an_uploaded_mix(database: Database, call: Path) -> None:
    calls = database.collection("calls")
    with call.open("rb") as stream:
        calls.upload(stream, "call.wav")
    assert database.run_next_job("test") is not None
    with call.open("rb") as stream:
        job = calls.upload(stream, "call.wav", roles=ROLES)
    done = database.run_next_job("test")
    assert done is not None
    assert dict(done.counts) == {"ingested": 2}
    (item,) = database.job_items(job.job_id)
    assert sorted(item.recording_ids) == sorted(by_channel(calls).values())
    assert by_channel(calls).keys() == {"left", "right"}
    assert calls.audio(item.recording_ids[0]).path.is_file()
    assert calls.check().consistent


def test_a_mix_that_gave_way_is_swept_up_also_where_the_answer_was_lost(
    database: Database, call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try was committed; the second finds everything stored, and nothing to displace."""
    calls = database.collection("calls")
    with call.open("rb") as stream:
        calls.upload(stream, "call.wav")
    assert database.run_next_job("test") is not None
    kept = [path for path in (tmp_path / "data" / "recordings").rglob("*") if path.is_file()]
    original = archive_module.write

    def unanswered(*arguments: object) -> object:
        monkeypatch.setattr(archive_module, "write", original)
        original(*arguments)  # type: ignore[arg-type]
        raise UnavailableError("the database is away")

    monkeypatch.setattr(patience, "PAUSE_S", 0.01)
    monkeypatch.setattr(archive_module, "write", unanswered)
    calls.ingest(call, roles=ROLES)
    assert by_channel(calls).keys() == {"left", "right"}
    assert [path.exists() for path in kept] == [False]


@pytest.mark.parametrize("channel", ["left", "right"])
def test_a_channel_is_played_without_the_other(database: Database, call: Path, channel: str) -> None:
    calls = database.collection("calls")
    calls.ingest(call, roles=ROLES)
    played = calls.audio(by_channel(calls)[channel])
    assert played.media_type == "audio/wav"
    (heard,) = decode(played.path, limits=SoundLimits(10**7, 60))
    assert heard.quality.channels == 1
    assert holds_agent(heard.waveform) == (channel == "left")
    strongest_hz = np.argmax(np.abs(np.fft.rfft(heard.waveform))) * 16_000 / len(heard.waveform)
    assert strongest_hz == pytest.approx(AGENT_HZ if channel == "left" else CUSTOMER_HZ, abs=2)
    assert heard.pcm_sha256 == decode(call, channels=[channel], limits=SoundLimits(10**7, 60))[0].pcm_sha256
