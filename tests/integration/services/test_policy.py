"""A forbidden role gets in by no path: nothing of it is encoded, stored or played, and each refusal is kept."""

from __future__ import annotations

import inspect
import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Collection, Database
from emovec_db.domain.ingest import Outcome
from emovec_db.domain.policy import PolicyChange
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import SoundLimits
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import ConflictError, QueryError, RefusedError
from emovec_db.services.policies import Policies
from emovec_db.store.store import Store
from tests.calls import agent, customer, files_with_agent, holds_agent, write_call, write_two_tracks
from tests.sounds import write

ROLES = {"left": "agent", "right": "customer"}
LIMITS = SoundLimits(10**7, 60)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float32]]:
    """Every waveform that reaches the encoder."""
    waveforms: list[NDArray[np.float32]] = []
    encode, encode_frames = FakeEncoder.encode, FakeEncoder.encode_frames

    def listen(self: FakeEncoder, given: Any) -> Any:
        waveforms.extend(given)
        return encode(self, given)

    def listen_to_frames(self: FakeEncoder, given: Any, **options: Any) -> Any:
        waveforms.append(given)
        return encode_frames(self, given, **options)

    monkeypatch.setattr(FakeEncoder, "encode", listen)
    monkeypatch.setattr(FakeEncoder, "encode_frames", listen_to_frames)
    return waveforms


@pytest.fixture
def calls(database: Database) -> Collection:
    """A collection that forbids agents."""
    forbidding = database.collection("calls")
    forbidding.forbid_role("agent", reason="the law")
    return forbidding


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """`call.wav` with both parties, `agent/alone.wav`, `customer/alone.wav`."""
    folder = tmp_path / "files"
    for party, sound in (("agent", agent()), ("customer", customer())):
        (folder / party).mkdir(parents=True)
        write(folder / party / "alone.wav", sound)
    write_call(folder / "call.wav")
    return folder


def upload(database: Database, calls: Collection, file: Path, **said: Any) -> None:
    with file.open("rb") as stream:
        calls.upload(stream, file.name, **said)
    assert database.run_next_job("test") is not None


def retry_mended(calls: Collection, files: Path, **said: Any) -> None:
    """A broken file that failed, and was mended."""
    kept = (files / "call.wav").read_bytes()
    (files / "call.wav").write_text("broken")
    calls.ingest(files / "call.wav", **said)
    (files / "call.wav").write_bytes(kept)
    calls.ingest(retry_failed=True)


def retry_mended_job(database: Database, calls: Collection, files: Path, **said: Any) -> None:
    """The same by `emovec jobs retry` and a worker."""
    kept = (files / "call.wav").read_bytes()
    (files / "call.wav").write_text("broken")
    calls.ingest(files / "call.wav", **said)
    (files / "call.wav").write_bytes(kept)
    database.retry_job(database.jobs().items[0].job_id)
    assert database.run_next_job("test") is not None


def share_out(database: Database, calls: Collection, *paths: Path, **said: Any) -> None:
    """By workers that take what was queued."""
    calls.distribute(*paths, **said)
    while database.run_next_job("test") is not None:
        pass


def listing(files: Path, uri: str = "agent/alone.wav", **told: str) -> Path:
    (files / "calls.jsonl").write_text(json.dumps({"uri": uri, **told}))
    return files / "calls.jsonl"


def mixed(file: Path) -> Any:
    return decode(file, limits=LIMITS)[0]


Path_ = Callable[[Database, Collection, Path], Any]

#: each tries to get the agent, or somebody who may be the agent, into the collection or its encoder
PATHS: dict[str, Path_] = {
    "ingest an agent": lambda _, calls, files: calls.ingest(files / "agent", role="agent"),
    "share out an agent": lambda database, calls, files: share_out(database, calls, files / "agent", role="agent"),
    "share out a call": lambda database, calls, files: share_out(database, calls, files / "call.wav"),
    "share out both channels": lambda database, calls, files: share_out(
        database, calls, files / "call.wav", roles=ROLES
    ),
    "ingest an agent by the path": lambda _, calls, files: calls.ingest(
        files, customer_from="{role}/*.wav", channels=("left",)
    ),
    "ingest a voice of no role": lambda _, calls, files: calls.ingest(files / "agent"),
    "ingest a call": lambda _, calls, files: calls.ingest(files / "call.wav"),
    "ingest a call as the customer's": lambda _, calls, files: calls.ingest(files / "call.wav", role="customer"),
    "ingest the agent's channel": lambda _, calls, files: calls.ingest(files / "call.wav", roles={"left": "agent"}),
    "ingest both channels": lambda _, calls, files: calls.ingest(files / "call.wav", roles=ROLES),
    "ingest channels of no role": lambda _, calls, files: calls.ingest(files / "call.wav", channels=("left", "right")),
    "ingest an agent by a manifest": lambda _, calls, files: calls.ingest(manifest=listing(files, role="agent")),
    "ingest a voice of no role by a manifest": lambda _, calls, files: calls.ingest(manifest=listing(files)),
    "ingest the agent's channel by a manifest": lambda _, calls, files: calls.ingest(
        manifest=listing(files, uri="call.wav", channel="left", role="agent"), role="customer"
    ),
    "ingest a call as the customer's by a manifest": lambda _, calls, files: calls.ingest(
        manifest=listing(files, uri="call.wav", role="customer")
    ),
    "retry a call": lambda _, calls, files: retry_mended(calls, files, role="customer"),
    "retry both channels": lambda _, calls, files: retry_mended(calls, files, roles=ROLES),
    "retry a call's job": lambda database, calls, files: retry_mended_job(database, calls, files, role="customer"),
    "retry both channels' job": lambda database, calls, files: retry_mended_job(database, calls, files, roles=ROLES),
    "upload an agent": lambda database, calls, files: upload(
        database, calls, files / "agent/alone.wav", details=Details(role="agent")
    ),
    "upload a voice of no role": lambda database, calls, files: upload(database, calls, files / "agent/alone.wav"),
    "upload a call as the customer's": lambda database, calls, files: upload(
        database, calls, files / "call.wav", details=Details(role="customer")
    ),
    "upload both channels": lambda database, calls, files: upload(database, calls, files / "call.wav", roles=ROLES),
    "classify an agent": lambda _, calls, files: calls.classify(files / "agent/alone.wav", role="agent"),
    "classify a voice of no role": lambda _, calls, files: calls.classify(files / "agent/alone.wav"),
    "classify a call as the customer's": lambda _, calls, files: calls.classify(files / "call.wav", role="customer"),
    "classify a call's frames": lambda _, calls, files: calls.classify(files / "call.wav", frames=True),
    "classify the agent's channel": lambda _, calls, files: calls.classify(
        files / "call.wav", role="agent", channel="left"
    ),
    "classify a decoded mix": lambda _, calls, files: calls.classify(mixed(files / "call.wav"), role="customer"),
    "make a draft of an agent": lambda _, calls, files: calls.drafts.make(files / "agent/alone.wav", role="agent"),
    "make a draft of a voice of no role": lambda _, calls, files: calls.drafts.make(files / "agent/alone.wav"),
    "make a draft of a call as the customer's": lambda _, calls, files: calls.drafts.make(
        files / "call.wav", role="customer"
    ),
    "store a draft as an agent": lambda _, calls, files: calls.drafts.upload(
        calls.drafts.make(files / "customer/alone.wav", role="customer").token, details=Details(role="agent")
    ),
    "search by a call": lambda _, calls, files: calls.similar(files / "call.wav"),
    "search by an agent": lambda _, calls, files: calls.similar(files / "agent/alone.wav", recording_role="agent"),
    "search among agents": lambda _, calls, files: calls.similar(files / "agent/alone.wav", role="customer"),
    "courses like a call's": lambda _, calls, files: calls.similar_courses(files / "call.wav"),
    "courses like an agent's": lambda _, calls, files: calls.similar_courses(
        files / "agent/alone.wav", recording_role="agent"
    ),
    "compare with a call": lambda _, calls, files: calls.compare(
        files / "customer/alone.wav", files / "call.wav", role="customer"
    ),
    "compare voices of no role": lambda _, calls, files: calls.compare(
        files / "customer/alone.wav", files / "agent/alone.wav"
    ),
}

#: methods of a collection that take sound in
TAKING_SOUND = {"ingest", "distribute", "upload", "classify", "compare", "similar", "similar_courses"}
#: takes paths, but opens no recording
OPENING_NONE = {"dry_run"}


def test_the_paths_are_all_there_are() -> None:
    """A new method that takes a recording has to be tried below."""
    taking = {
        name
        for name, method in inspect.getmembers(Collection, inspect.isfunction)
        if not name.startswith("_")
        and inspect.signature(method).parameters.keys() & {"recording", "paths", "first", "stream"}
    }
    tried = {name for attempt in PATHS.values() for name in attempt.__code__.co_names}
    helpers = {name for helper in (upload, share_out, retry_mended) for name in helper.__code__.co_names}
    assert taking == TAKING_SOUND | OPENING_NONE
    assert tried | helpers >= TAKING_SOUND


@pytest.mark.parametrize("attempt", PATHS.values(), ids=PATHS.keys())
def test_no_path_lets_a_forbidden_role_in(
    database: Database,
    calls: Collection,
    files: Path,
    tmp_path: Path,
    heard: list[NDArray[np.float32]],
    attempt: Path_,
) -> None:
    refused = 0
    try:
        attempt(database, calls, files)
    except RefusedError as error:
        refused = error.http_status
    assert refused == 403 or calls.refusals().items, "it is refused by an error, or on record"
    assert not any(holds_agent(waveform) for waveform in heard)
    assert {one.details.role for one in calls.recordings().items} <= {"customer"}
    assert files_with_agent(tmp_path / "data") == []
    assert calls.check().consistent


def test_what_may_be_heard_is(database: Database, calls: Collection, files: Path) -> None:
    """The other side of the test above: the same paths, the customer's own voice."""
    report = calls.ingest(files / "call.wav", roles=ROLES)
    assert (report.ingested, report.refused, report.failed) == (1, 1, 0)
    assert calls.ingest(files / "customer", role="customer").ingested == 1
    said = {"role": "customer", "channel": "right"}
    assert calls.classify(files / "call.wav", **said).prediction.label == "neutral"
    assert calls.compare(files / "call.wav", files / "call.wav", **said) == pytest.approx(1)
    found = calls.similar(files / "call.wav", recording_role="customer", recording_channel="right")
    assert [match.similarity for match in found] == pytest.approx([1, 1], abs=1e-3)
    assert database.classify(files / "call.wav"), "what belongs to no collection has no policy"


@pytest.mark.parametrize(
    "roles",
    [ROLES, {"left": "customer", "right": "other"}, {"ch0": "customer", "ch1": "agent"}, {"ch1": "customer"}],
)
def test_a_file_with_one_channel_for_both_parties_is_refused_and_does_not_fail(
    calls: Collection, tmp_path: Path, heard: list[NDArray[np.float32]], roles: dict[str, str]
) -> None:
    file = write(tmp_path / "mono.wav", agent() + customer())
    if roles == {"ch1": "customer"}:
        assert calls.ingest(file, roles=roles).failed == 1, "nobody said that there are two parties"
        return
    for _ in range(2):
        report = calls.ingest(file, roles=roles)
        assert (report.refused, report.failed, report.ingested) == (2, 0, 0)
    assert {one.channel for one in calls.refusals().items} == roles.keys()
    assert calls.failures() == ()
    assert heard == []


def test_refusals_are_counted_and_kept_with_their_reason(calls: Collection, files: Path) -> None:
    report = calls.ingest(files / "call.wav", roles=ROLES)
    assert any(note == "1 × refused: its role is agent, which the collection's policy forbids" for note in report.notes)
    (refusal,) = calls.refusals().items
    assert (refusal.channel, refusal.role) == ("left", "agent")
    assert refusal.source.uri == (files / "call.wav").as_uri()
    assert (datetime.now(UTC) - refusal.refused_at).total_seconds() < 3600
    assert calls.summary().refusals == 1
    assert calls.failures() == (), "a refusal is no failure"


def test_a_dry_run_says_what_would_be_refused(calls: Collection, files: Path) -> None:
    def said() -> list[tuple[str, Outcome, bool]]:
        return [(one.channel, one.outcome, bool(one.reason)) for one in calls.dry_run(files / "call.wav", roles=ROLES)]

    assert said() == [("left", Outcome.REFUSED, True), ("right", Outcome.NEW, False)]
    calls.ingest(files / "call.wav", roles=ROLES)
    assert said() == [("left", Outcome.REFUSED, True), ("right", Outcome.UNCHANGED, False)]
    (mix,) = calls.dry_run(files / "call.wav", role="customer")
    assert mix.outcome is Outcome.UNCHANGED, "the channels are stored, so the mix is left out"


def test_a_second_ingest_reads_no_refused_file_again(
    calls: Collection, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = calls.ingest(files, role="customer")
    assert (first.ingested, first.refused) == (2, 1)
    monkeypatch.setattr("emovec_db.sources.places.digest", lambda path: pytest.fail(f"{path} is read again"))
    again = calls.ingest(files, role="customer")
    assert (again.unchanged, again.refused, again.failed) == (2, 1, 0)


def test_a_refused_file_whose_role_is_told_comes_in(calls: Collection, files: Path) -> None:
    assert calls.ingest(files / "customer").refused == 1
    assert calls.ingest(files / "customer", role="customer").ingested == 1
    assert calls.refusals().items == ()


@pytest.mark.parametrize("copied", [False, True])
def test_a_recording_that_turns_out_to_be_an_agents_goes(
    calls: Collection, files: Path, tmp_path: Path, copied: bool
) -> None:
    file = files / "agent/alone.wav"
    calls.ingest(file, role="customer")
    again = Path(shutil.copy(file, tmp_path / "copy.wav")) if copied else file
    report = calls.ingest(again, role="agent")
    assert (report.updated, report.refused) == (0, 1)
    assert calls.recordings().items == ()
    assert calls.similar(files / "customer/alone.wav", recording_role="customer").matches == ()
    assert calls.check().consistent
    assert calls.ingest(again, role="agent").refused == 1


def test_an_upload_says_that_a_stored_recording_is_an_agents(
    database: Database, calls: Collection, files: Path
) -> None:
    file = files / "agent/alone.wav"
    upload(database, calls, file, details=Details(role="customer"))
    upload(database, calls, file, details=Details(role="agent"))
    assert calls.recordings().items == ()
    assert files_with_agent(database.settings.data_dir) == []


def test_a_role_forbidden_while_its_recording_is_encoded_stays_out(
    database: Database, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy is asked once more in the transaction that stores."""
    encode = FakeEncoder.encode

    def forbid_meanwhile(self: FakeEncoder, waveforms: Any) -> Any:
        with emovec_db.open(tmp_path / "data", encoder="fake") as other:
            other.collection("calls").forbid_role("agent")
        return encode(self, waveforms)

    monkeypatch.setattr(FakeEncoder, "encode", forbid_meanwhile)
    calls = database.collection("calls")
    report = calls.ingest(files / "call.wav", roles=ROLES)
    assert (report.ingested, report.refused) == (1, 1)
    assert [one.channel for one in calls.recordings().items] == ["right"]


def test_an_upload_that_was_queued_before_is_refused(database: Database, files: Path) -> None:
    calls = database.collection("calls")
    with (files / "agent/alone.wav").open("rb") as stream:
        job = calls.upload(stream, "a.wav", details=Details(role="agent"))
    calls.forbid_role("agent")
    done = database.run_next_job("test")
    assert done is not None
    assert (done.state, dict(done.counts)) == ("done", {"refused": 1})
    (item,) = database.job_items(job.job_id)
    assert (item.state, item.code) == ("done", "refused")
    assert item.message is not None
    assert "its role is agent" in item.message
    assert files_with_agent(database.settings.data_dir) == []


def test_of_an_uploaded_call_only_the_customer_is_kept(database: Database, calls: Collection, files: Path) -> None:
    upload(database, calls, files / "call.wav", roles=ROLES)
    (stored,) = calls.recordings().items
    assert stored.channel == "right"
    (played,) = decode(calls.audio(stored.recording_id).path, limits=LIMITS)
    assert played.pcm_sha256 == stored.pcm_sha256
    report = calls.audit()
    assert (report.utterances, report.gone, report.decoded_otherwise) == (1, 0, 0)
    assert report.max_embedding_deviation == 0
    calls.delete(stored.recording_id)
    assert list(database.settings.blobs_dir.rglob("*.wav")) == []


def test_forbidding_says_how_many_would_go_and_takes_them_only_when_told(
    database: Database, files: Path, tmp_path: Path
) -> None:
    calls = database.collection("calls")
    calls.ingest(files / "agent", role="agent")
    calls.ingest(files / "customer")
    upload(database, calls, files / "call.wav", roles=ROLES)
    for one in calls.recordings().items:
        calls.audio(one.recording_id)
    with pytest.raises(ConflictError, match=r"would delete 3 recordings .*--delete-existing") as refused:
        calls.forbid_role("agent")
    assert refused.value.detail == {"recordings": 3}
    assert not calls.policy().in_force
    assert calls.summary().recordings == 4
    assert files_with_agent(tmp_path / "data")

    gone = calls.forbid_role("agent", delete_existing=True)
    assert (gone.recordings, gone.utterances) == (3, 3)
    (kept,) = calls.recordings().items
    assert (kept.channel, kept.details.role) == ("right", "customer")
    assert files_with_agent(tmp_path / "data") == [], "the uploaded call held the agent too"
    assert holds_agent(decode(files / "call.wav", channels=["left"], limits=LIMITS)[0].waveform), "originals stay"
    (played,) = decode(calls.audio(kept.recording_id).path, limits=LIMITS)
    assert played.pcm_sha256 == kept.pcm_sha256
    assert calls.check().consistent
    assert calls.forbid_role("agent").recordings == 0
    assert [change.deleted for change in calls.policy_changes()] == [3]


def test_another_collections_copy_of_an_upload_stays(database: Database, files: Path) -> None:
    calls, other = database.collection("calls"), database.collection("other")
    for target in (calls, other):
        upload(database, target, files / "call.wav", roles=ROLES)
    calls.forbid_role("agent", delete_existing=True)
    played = {one.channel: other.audio(one.recording_id).path for one in other.recordings().items}
    assert played.keys() == {"left", "right"}
    assert calls.audio(calls.recordings().items[0].recording_id).path.is_file()
    other.delete(next(one.recording_id for one in other.recordings().items if one.channel == "right"))
    assert calls.audio(calls.recordings().items[0].recording_id).path.is_file(), "it is the only copy"


def test_a_second_track_is_neither_kept_nor_played(database: Database, calls: Collection, tmp_path: Path) -> None:
    file = write_two_tracks(tmp_path / "tracks.mka")
    assert files_with_agent(tmp_path) == [file]
    calls.ingest(file, role="customer")
    played = calls.audio(1)
    assert played.media_type == "audio/wav"
    assert played.path != file
    calls.delete(1)
    upload(database, calls, file, details=Details(role="customer"), allow_again=True)
    (stored,) = calls.recordings().items
    assert calls.audio(stored.recording_id).path.is_file()
    assert files_with_agent(tmp_path / "data") == []


def test_an_upload_that_is_stored_while_a_role_is_forbidden_is_parted_too(
    database: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = database.collection("calls")
    part, late = Policies._part_uploads, [{"right": "customer"}]

    def part_then_store(self: Policies, *asked: Any) -> None:
        part(self, *asked)
        while late:
            upload(database, calls, files / "call.wav", roles=late.pop())

    monkeypatch.setattr(Policies, "_part_uploads", part_then_store)
    calls.forbid_role("agent")
    assert [one.channel for one in calls.recordings().items] == ["right"]
    assert files_with_agent(database.settings.data_dir) == []


def test_only_a_reason_undoes_it_and_all_is_logged(calls: Collection, files: Path) -> None:
    calls.ingest(files / "call.wav", roles=ROLES)
    for reason in ("", "  "):
        with pytest.raises(QueryError, match="a reason is needed"):
            calls.allow_role("agent", reason=reason)
    with pytest.raises(QueryError, match="not forbidden"):
        calls.allow_role("other", reason="none")
    calls.allow_role("agent", reason="the works council agreed", by="ana")
    assert not calls.policy().in_force
    forbidden, allowed = calls.policy_changes()
    assert (forbidden.role, forbidden.forbidden, forbidden.reason) == ("agent", True, "the law")
    assert "@" in forbidden.by
    expected = {"role": "agent", "forbidden": False, "reason": "the works council agreed", "by": "ana", "deleted": 0}
    assert allowed == PolicyChange(**expected, changed_at=allowed.changed_at)
    assert forbidden.changed_at <= allowed.changed_at
    assert calls.ingest(files / "call.wav", roles=ROLES).ingested == 1
    assert calls.refusals().items == ()


def test_no_such_role(calls: Collection) -> None:
    for attempt in (calls.forbid_role, lambda role: calls.allow_role(role, reason="none")):
        with pytest.raises(QueryError, match="expected one of customer, agent, other"):
            attempt("boss")


def forbid_by_hand(store: Store, calls: Collection) -> None:
    """As only a mistake could: a policy over recordings that it forbids."""
    with store.write() as unit:
        stored = unit.collections.get(calls.name)
        change = PolicyChange(role="agent", forbidden=True, reason="", by="", deleted=0, changed_at=datetime.now(UTC))
        unit.policies.log(stored.collection_id, change)
    store.close()


def test_a_forbidden_recording_that_is_stored_is_neither_played_nor_encoded(
    database: Database, files: Path, heard: list[NDArray[np.float32]]
) -> None:
    calls = database.collection("calls")
    calls.ingest(files / "call.wav", roles=ROLES)
    left = next(one for one in calls.recordings().items if one.channel == "left")
    calls.audio(left.recording_id)
    forbid_by_hand(Store(database.settings.resolved_database_url), calls)
    heard.clear()
    for look in (calls.audio, calls.waveform):
        with pytest.raises(RefusedError):
            look(left.recording_id)
    report = calls.audit()
    assert (report.utterances, report.gone) == (1, 1)
    assert heard
    assert not any(holds_agent(waveform) for waveform in heard)
    assert any("policy forbid ROLE --delete-existing" in problem for problem in calls.check().problems)
    assert calls.forbid_role("agent", delete_existing=True).recordings == 1
    assert calls.check().consistent


def test_deleting_a_customer_forgets_their_refusals(calls: Collection, files: Path) -> None:
    calls.ingest(files / "call.wav", roles={"left": "agent"}, customer="c1")
    calls.ingest(files / "agent", customer="c2")
    assert {refusal.customer for refusal in calls.refusals().items} == {"c1", "c2"}
    calls.delete_customer("c1")
    assert {refusal.customer for refusal in calls.refusals().items} == {"c2"}


def test_a_policy_makes_its_collection(database: Database, tmp_path: Path) -> None:
    calls = database.collection("new")
    assert not calls.policy().in_force
    calls.forbid_role("agent")
    assert calls.exists()
    assert calls.ingest(write(tmp_path / "a.wav", customer())).refused == 1


def test_a_stream_that_is_refused_at_once_leaves_nothing(database: Database, calls: Collection, files: Path) -> None:
    with pytest.raises(RefusedError, match="its role is agent"):
        calls.upload(io.BytesIO((files / "call.wav").read_bytes()), "call.wav", details=Details(role="agent"))
    assert [path for path in database.settings.blobs_dir.rglob("*") if path.is_file()] == []
    assert database.run_next_job("test") is None
    (refusal,) = calls.refusals().items
    assert refusal.source.uri.startswith("upload:")
