"""What was deleted does not come back by any path, until somebody says so."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

import emovec_db
from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.database import Collection, Database
from emovec_db.domain.recording import Details
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import NotFoundError, SuppressedError
from emovec_db.services import deletion
from tests.calls import write_call
from tests.sounds import babble, write

ROLES = {"left": "agent", "right": "customer"}


@pytest.fixture
def calls(database: Database) -> Collection:
    return database.collection("calls")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`a.wav` and `b.wav` of customer anna, `c.wav` of ben."""
    for seed, (name, customer) in enumerate([("a", "anna"), ("b", "anna"), ("c", "ben")]):
        (tmp_path / "in" / customer).mkdir(parents=True, exist_ok=True)
        write(tmp_path / "in" / customer / f"{name}.wav", babble(1, seed=seed))
    return tmp_path / "in"


def names(calls: Collection) -> list[str]:
    return sorted(Path(uri).name for one in calls.recordings().items for uri in one.uris)


def delete(calls: Collection, **chosen: Any) -> None:
    for one in calls.recordings(**chosen).items:
        calls.delete(one.recording_id)


def upload(database: Database, calls: Collection, file: Path, **said: Any) -> None:
    calls.upload(io.BytesIO(file.read_bytes()), file.name, **said)
    assert database.run_next_job("test") is not None


def listed(folder: Path) -> Path:
    table = folder / "list.jsonl"
    files = sorted(folder.rglob("*.wav"))
    table.write_text("".join(json.dumps({"uri": str(file), "customer": file.parent.name}) + "\n" for file in files))
    return table


def retry_mended(calls: Collection, folder: Path) -> None:
    """Broken files that failed, and turn out to be what was deleted."""
    kept = {file: file.read_bytes() for file in folder.rglob("*.wav")}
    for file in kept:
        file.write_text("broken")
    calls.ingest(folder)
    for file, data in kept.items():
        file.write_bytes(data)


def retry_job(database: Database, calls: Collection, folder: Path) -> None:
    retry_mended(calls, folder)
    database.retry_job(database.jobs().items[0].job_id)
    assert database.run_next_job("test") is not None


def renamed(calls: Collection, folder: Path) -> None:
    for file in [*folder.rglob("*.wav")]:
        shutil.copy(file, folder / f"renamed_{file.name}")
        file.unlink()
    calls.ingest(folder)


def as_flac(calls: Collection, folder: Path) -> None:
    """The same samples in another container."""
    for file in [*folder.rglob("*.wav")]:
        with av.open(str(file)) as source, av.open(str(file.with_suffix(".flac")), "w") as made:
            stream = made.add_stream("flac", rate=16_000, layout="mono")
            for frame in source.decode(audio=0):
                made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
        file.unlink()
    calls.ingest(folder)


Path_ = Callable[[Database, Collection, Path], Any]

#: each tries to bring anna's recordings back
PATHS: dict[str, Path_] = {
    "the same folder": lambda _, calls, folder: calls.ingest(folder),
    "the same folder with customers": lambda _, calls, folder: calls.ingest(folder, customer_from="{customer}/*.wav"),
    "one file": lambda _, calls, folder: calls.ingest(folder / "anna" / "a.wav", customer="anna"),
    "channels": lambda _, calls, folder: calls.ingest(folder, channels=("ch0",)),
    "a manifest": lambda _, calls, folder: calls.ingest(manifest=listed(folder)),
    "another try": lambda _, calls, folder: (retry_mended(calls, folder), calls.ingest(retry_failed=True)),
    "another try by a worker": retry_job,
    "copies of other names": lambda _, calls, folder: renamed(calls, folder),
    "the same sound as FLAC": lambda _, calls, folder: as_flac(calls, folder),
    "touched files": lambda _, calls, folder: [
        [file.touch() for file in folder.rglob("*.wav")],
        calls.ingest(folder),
    ],
}


@pytest.mark.parametrize("attempt", PATHS.values(), ids=PATHS.keys())
def test_no_path_brings_a_deleted_customer_back(
    database: Database, calls: Collection, folder: Path, attempt: Path_
) -> None:
    calls.ingest(folder, customer_from="{customer}/*.wav")
    assert calls.delete_customer("anna").recordings == 2
    attempt(database, calls, folder)
    assert {Path(name).stem.split("_")[-1] for name in names(calls)} == {"c"}
    assert calls.customers() == ("ben",)
    assert calls.summary().suppressions >= 2
    assert calls.failures() == ()
    assert calls.check().consistent


def test_it_is_reported_and_neither_decoded_nor_encoded(
    calls: Collection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.ingest(folder)
    delete(calls)
    decoded: list[Path] = []
    decode = DecoderPool.decode
    monkeypatch.setattr(
        DecoderPool, "decode", lambda self, path, **asked: (decoded.append(path), decode(self, path, **asked))[1]
    )
    report = calls.ingest(folder)
    assert (report.suppressed, report.ingested, report.unchanged, report.failed) == (3, 0, 0, 0)
    assert "3 × deleted before, so left out: --allow-again takes it in again" in report.notes
    assert decoded == []


def test_a_second_copy_of_the_sound_is_decoded_once_only(calls: Collection, folder: Path) -> None:
    calls.ingest(folder)
    delete(calls)
    as_flac(calls, folder)
    assert calls.summary().suppressions == 6, "from now on the bytes are enough"
    assert calls.ingest(folder).suppressed == 3


def test_allow_again_takes_it_in_for_good(calls: Collection, folder: Path) -> None:
    calls.ingest(folder)
    delete(calls)
    report = calls.ingest(folder / "anna", allow_again=True)
    assert (report.ingested, report.suppressed) == (2, 0)
    assert "2 × deleted before and taken in again" in report.notes
    assert calls.summary().suppressions == 1, "only what that ingest found"
    report = calls.ingest(folder)
    assert (report.unchanged, report.suppressed) == (2, 1)
    assert names(calls) == ["a.wav", "b.wav"]
    assert calls.check().consistent


def test_one_channel_of_a_call(calls: Collection, tmp_path: Path) -> None:
    """The other party stays and may be ingested; the mix, in which the deleted one is heard, may not."""
    write_call(tmp_path / "call.wav")
    calls.ingest(tmp_path / "call.wav", roles=ROLES)
    delete(calls, role="agent")
    report = calls.ingest(tmp_path / "call.wav", roles=ROLES)
    assert (report.unchanged + report.updated, report.suppressed) == (1, 1)
    assert [one.channel for one in calls.recordings().items] == ["right"]
    delete(calls)
    assert calls.ingest(tmp_path / "call.wav").suppressed == 1
    assert calls.ingest(tmp_path / "call.wav", channels=("ch0", "ch1")).suppressed == 2
    assert calls.ingest(tmp_path / "call.wav", roles=ROLES, allow_again=True).ingested == 2


def test_allowing_one_party_of_a_deleted_mix_again_leaves_the_other_out(calls: Collection, tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav")
    calls.ingest(call)
    calls.delete(1)
    assert calls.ingest(call, roles={"left": "agent"}, allow_again=True).ingested == 1
    report = calls.ingest(call, roles=ROLES)
    assert (report.unchanged, report.suppressed, report.ingested) == (1, 1, 0)
    assert [one.channel for one in calls.recordings().items] == ["left"]
    assert calls.ingest(call, channels=("ch1",), allow_again=True).ingested == 1


def test_what_policy_or_channels_displaced_is_not_suppressed(calls: Collection, tmp_path: Path) -> None:
    write_call(tmp_path / "call.wav")
    calls.ingest(tmp_path / "call.wav")
    assert calls.ingest(tmp_path / "call.wav", roles=ROLES).ingested == 2, "the mix gave way"
    calls.forbid_role("agent", delete_existing=True)
    assert calls.summary().suppressions == 0
    assert calls.ingest(tmp_path / "call.wav", roles=ROLES).refused == 1
    calls.allow_role("agent", reason="it was a mistake")
    assert calls.ingest(tmp_path / "call.wav", roles=ROLES).ingested == 1
    calls.forbid_role("customer", delete_existing=True)
    calls.ingest(tmp_path / "call.wav", channels=("left",), role="customer")  # the agent's place taken by details
    assert calls.summary().suppressions == 0


def test_a_policy_is_asked_before_a_deletion_is_lifted(calls: Collection, tmp_path: Path) -> None:
    write_call(tmp_path / "call.wav")
    calls.ingest(tmp_path / "call.wav", roles=ROLES)
    delete(calls)
    calls.forbid_role("agent")
    report = calls.ingest(tmp_path / "call.wav", roles=ROLES)
    assert (report.suppressed, report.refused) == (2, 0), "a refusal would name the customer"
    report = calls.ingest(tmp_path / "call.wav", roles=ROLES, allow_again=True)
    assert (report.ingested, report.refused) == (1, 1)
    assert calls.summary().suppressions == 1


def test_a_customer_whose_files_failed_or_were_refused_stays_out_too(calls: Collection, folder: Path) -> None:
    calls.forbid_role("agent")
    calls.ingest(folder / "anna", customer="anna", role="agent")
    (folder / "anna" / "broken.wav").write_text("broken")
    calls.ingest(folder / "anna" / "broken.wav", customer="anna", role="customer")
    assert (calls.summary().refusals, calls.summary().failures) == (2, 1)
    calls.delete_customer("anna")
    report = calls.ingest(folder / "anna", customer="anna", role="customer")
    assert report.suppressed == 3
    assert (calls.summary().refusals, calls.summary().failures) == (0, 0), "nothing names her"


def test_what_fails_while_a_customers_files_are_hashed_is_forgotten_too(
    calls: Collection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "anna" / "a.wav").write_text("no sound")
    calls.ingest(folder / "anna" / "a.wav", customer="anna")
    hashed = deletion.digest

    def meanwhile(path: Path) -> str:
        monkeypatch.setattr(deletion, "digest", hashed)
        (folder / "anna" / "b.wav").write_text("no sound either")
        calls.ingest(folder / "anna" / "b.wav", customer="anna")
        return hashed(path)

    monkeypatch.setattr(deletion, "digest", meanwhile)
    calls.delete_customer("anna")
    assert calls.failures() == ()


def test_a_customer_whom_nobody_knows_costs_no_snapshot(calls: Collection, folder: Path, tmp_path: Path) -> None:
    calls.ingest(folder, customer_from="{customer}/*.wav")
    calls.reindex()
    snapshots = sorted((tmp_path / "data" / "index").glob("*/manifest.json"))
    with pytest.raises(NotFoundError):
        calls.delete_customer("nobody")
    assert sorted((tmp_path / "data" / "index").glob("*/manifest.json")) == snapshots != []


def test_an_upload_is_refused_at_once(database: Database, calls: Collection, folder: Path, tmp_path: Path) -> None:
    file = folder / "anna" / "a.wav"
    upload(database, calls, file, details=Details(customer="anna"))
    delete(calls)
    with pytest.raises(SuppressedError, match="it was deleted from this collection before: say allow_again"):
        calls.upload(io.BytesIO(file.read_bytes()), file.name)
    assert not [one for one in (tmp_path / "data" / "blobs").rglob("*") if one.is_file()], "nothing of it is kept"
    upload(database, calls, file, allow_again=True)
    assert len(calls.recordings().items) == 1


def test_an_upload_that_only_its_sound_gives_away(
    database: Database, calls: Collection, folder: Path, tmp_path: Path
) -> None:
    upload(database, calls, folder / "anna" / "a.wav")
    delete(calls)
    as_flac(database.collection("other"), folder)
    upload(database, calls, folder / "anna" / "a.flac")
    job = database.jobs(collection="calls").items[0]
    (item,) = database.job_items(job.job_id)
    assert (job.counts, item.code, item.recording_ids) == ({"suppressed": 1}, "suppressed", ())
    assert calls.recordings().items == ()
    assert not [one for one in (tmp_path / "data" / "blobs").rglob("*") if one.is_file()]


def test_an_upload_that_waits_while_its_recording_is_deleted(
    database: Database, calls: Collection, folder: Path
) -> None:
    file = folder / "anna" / "a.wav"
    calls.ingest(file)
    calls.upload(io.BytesIO(file.read_bytes()), "other name.wav")
    delete(calls)
    job = database.run_next_job("test")
    assert job is not None
    assert job.counts == {"suppressed": 1}
    assert calls.recordings().items == ()


def test_a_dry_run_opens_no_file_so_it_cannot_tell(calls: Collection, folder: Path) -> None:
    calls.ingest(folder)
    delete(calls)
    assert {one.outcome.value for one in calls.dry_run(folder)} == {"new"}


@pytest.mark.parametrize("allow_again", [False, True])
def test_in_flight_when_it_is_deleted(
    database: Database, calls: Collection, folder: Path, monkeypatch: pytest.MonkeyPatch, allow_again: bool
) -> None:
    """Read as new before the deletion and written after it; that an older deletion may be lifted changes nothing."""
    file = folder / "anna" / "a.wav"
    copy = folder / "copy.wav"
    shutil.copy(file, copy)
    if allow_again:
        calls.ingest(file)
        delete(calls)
    encoding, deleted = threading.Event(), threading.Event()
    encode = FakeEncoder.encode

    def encode_later(self: FakeEncoder, given: Any) -> Any:
        if not encoding.is_set():
            encoding.set()
            assert deleted.wait(30)
        return encode(self, given)

    monkeypatch.setattr(FakeEncoder, "encode", encode_later)
    reports = []
    ingest = threading.Thread(target=lambda: reports.append(calls.ingest(file, allow_again=allow_again)))
    ingest.start()
    assert encoding.wait(30)
    # another process stores the same meanwhile, and somebody deletes it there
    with emovec_db.open(database.settings.data_dir, encoder="fake") as other:
        there = other.collection("calls")
        assert there.ingest(copy, allow_again=allow_again).ingested == 1
        delete(there)
    deleted.set()
    ingest.join()
    assert (reports[0].suppressed, reports[0].ingested) == (1, 0)
    assert calls.recordings().items == ()
    assert calls.check().consistent


def test_known_when_it_was_read_and_deleted_before_it_is_written(
    calls: Collection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emovec_db.services.ingest import archive

    calls.ingest(folder / "anna" / "a.wav")
    shutil.copy(folder / "anna" / "a.wav", folder / "copy.wav")
    read = archive.read

    def read_and_delete(*arguments: Any) -> Any:
        reading = read(*arguments)
        assert reading.known
        delete(calls)
        return reading

    monkeypatch.setattr(archive, "read", read_and_delete)
    report = calls.ingest(folder / "copy.wav")
    assert (report.suppressed, report.updated, report.notes) == (
        1, 0, ("1 × deleted before, so left out: --allow-again takes it in again",),
    )  # fmt: skip


def test_another_try_remembers_that_it_was_allowed_again(database: Database, calls: Collection, folder: Path) -> None:
    """What was asked of an ingest holds for its failures too, and for what workers do of it."""
    calls.ingest(folder)
    delete(calls)
    kept = {file: file.read_bytes() for file in folder.rglob("*.wav")}
    for file in kept:
        file.write_text("broken")
    assert calls.ingest(folder, allow_again=True).failed == 3
    for file, data in kept.items():
        file.write_bytes(data)
    database.retry_job(database.jobs().items[0].job_id)
    job = database.run_next_job("test")
    assert job is not None
    assert job.counts == {"ingested": 3}
