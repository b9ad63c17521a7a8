"""Recordings over http(s): fetched once, decoded as files are, and nothing of a secret is kept."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.ingest import Outcome
from emovec_db.domain.job import JobState
from emovec_db.errors import MissingPartError, NotFoundError, QueryError
from tests.sounds import babble, write
from tests.web import WebServer, web_server


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A server, and nobody waits between tries."""
    monkeypatch.setattr("emovec_db.sources.remote.trouble.sleep", lambda _s: None)
    with web_server() as server:
        yield server


@pytest.fixture
def collection(database: Database) -> Collection:
    return database.collection()


def wav(seed: int = 0, channels: int = 1) -> bytes:
    file = io.BytesIO()
    sound = np.column_stack([babble(1, seed=seed + channel) for channel in range(channels)])
    write(file, sound, format="WAV")  # type: ignore[arg-type]
    return file.getvalue()


def codes(report: Any) -> list[str]:
    return [error.code for error in report.errors]


def fetched_files(database: Database) -> list[Path]:
    folder = database.settings.fetched_dir
    return list(folder.iterdir()) if folder.exists() else []


def test_it_is_stored_as_the_same_file_here_would_be(web: WebServer, database: Database, tmp_path: Path) -> None:
    body = wav()
    (tmp_path / "call 1.wav").write_bytes(body)
    here, there = database.collection("here"), database.collection("there")
    assert here.ingest(tmp_path / "call 1.wav").ingested == 1
    assert there.ingest(web.put("/2026/call%201.wav", body)).ingested == 1
    (local,), (remote,) = here.recordings().items, there.recordings().items
    assert remote.uris == (f"{web.address}/2026/call%201.wav",)
    assert remote.sha256 == hashlib.sha256(body).hexdigest()
    assert (remote.pcm_sha256, remote.summary, remote.quality) == (local.pcm_sha256, local.summary, local.quality)
    assert fetched_files(database) == []


def test_a_second_ingest_asks_and_fetches_nothing(web: WebServer, collection: Collection) -> None:
    address = web.put("/a.wav", wav())
    collection.ingest(address)
    web.requests.clear()
    assert collection.ingest(address).unchanged == 1
    assert web.requests == [("HEAD", "/a.wav")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT"}, {"Last-Modified": "Mon, 02 Mar 2026 10:00:01 GMT"}),
        ({"ETag": '"a"'}, {"ETag": '"b"'}),
    ],
)
def test_another_file_at_the_address_is_read(
    web: WebServer, collection: Collection, before: dict[str, str], after: dict[str, str]
) -> None:
    first, second = wav(0), wav(9)
    assert len(first) == len(second)
    address = web.put("/a.wav", first, headers=before)
    collection.ingest(address)
    web.put("/a.wav", second, headers=after)
    assert [one.outcome for one in collection.dry_run(address)] == [Outcome.CHANGED]
    assert collection.ingest(address).ingested == 1
    assert {one.sha256 for one in collection.recordings().items} == {
        hashlib.sha256(body).hexdigest() for body in (first, second)
    }


def test_what_tells_no_state_is_read_again_and_not_stored_again(web: WebServer, collection: Collection) -> None:
    address = web.put("/a.wav", wav(), headers={})
    assert collection.ingest(address).ingested == 1
    again = collection.ingest(address)
    assert (again.ingested, again.unchanged) == (0, 1)
    assert web.asked("GET") == ["/a.wav", "/a.wav"]


def test_trouble_that_passes_is_waited_for(web: WebServer, collection: Collection) -> None:
    addresses = [
        web.put("/busy.wav", wav(1), statuses=[503, 502, 429]),
        web.put("/broken-off.wav", wav(2), cut=1_000, cut_times=2),
        web.put("/at-once.wav", wav(3), cut=0, cut_times=1),
    ]
    assert collection.ingest(*addresses).ingested == 3


def test_trouble_that_does_not_pass_costs_one_recording(web: WebServer, collection: Collection) -> None:
    report = collection.ingest(
        web.put("/down.wav", wav(1), statuses=[503] * 100),
        web.put("/lies.wav", wav(2), cut=1_000),
        web.put("/good.wav", wav(3)),
        "http://127.0.0.1:1/nobody.wav",
    )
    assert report.ingested == 1
    assert sorted(codes(report)) == ["unreachable"] * 3
    assert web.asked("GET").count("/lies.wav") == 4
    messages = {error.uri.rpartition("/")[2]: error.message for error in report.errors}
    assert "the server answered 503" in messages["down.wav"]


@pytest.mark.parametrize(("status", "said"), [(403, "not permitted"), (401, "not permitted"), (404, "nothing at that")])
def test_what_will_not_pass_is_not_tried_again(web: WebServer, collection: Collection, status: int, said: str) -> None:
    report = collection.ingest(web.put("/a.wav", wav(), statuses=[status] * 100))
    assert codes(report) == ["unreadable"]
    assert said in report.errors[0].message
    assert web.requests == [("HEAD", "/a.wav"), ("GET", "/a.wav")]  # some servers know no HEAD


def test_the_limit_holds_while_bytes_come(web: WebServer, tmp_path: Path) -> None:
    endless = web.put("/endless.wav", wav(), endless=True)
    large = web.put("/large.wav", b"\0" * 200_000)
    with emovec_db.open(tmp_path / "data", encoder="fake", archive_max_mb=0.1) as database:
        report = database.collection().ingest(endless, large)
        assert codes(report) == ["too_large", "too_large"]
        assert fetched_files(database) == []
    assert "more than 100,000 bytes" in report.errors[0].message


def test_an_empty_file_and_what_is_no_sound_fail_as_files_do(web: WebServer, collection: Collection) -> None:
    report = collection.ingest(web.put("/empty.wav", b""), web.put("/text.wav", b"no sound" * 100))
    assert codes(report) == ["not_audio", "not_audio"]
    assert "text.wav" in report.errors[1].message


def test_no_secret_of_an_address_is_kept_or_said(
    web: WebServer, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    collection = database.collection()
    web.put("/good.wav", wav(1))
    web.put("/other.wav", wav(2))
    web.put("/forbidden.wav", wav(3), statuses=[403] * 10)
    web.put("/down.wav", wav(4), statuses=[500] * 100)
    secret = "s3cr3t"
    signed = f"?X-Amz-Credential={secret}&X-Amz-Signature={secret}"
    addresses = [f"{web.address}/{name}.wav{signed}" for name in ("good", "forbidden", "down")]
    report = collection.ingest(*addresses, f"{web.address}/other.wav?token={secret}")
    assert (report.ingested, report.failed) == (2, 2)
    assert web.asked("GET").count(f"/good.wav{signed}") == 1
    uris = sorted(one.uris[0] for one in collection.recordings().items)
    digest = hashlib.sha256(f"token={secret}".encode()).hexdigest()[:12]
    assert uris == [f"{web.address}/good.wav", f"{web.address}/other.wav?query={digest}"]
    assert any("without its address's query" in note for note in report.notes)
    again = collection.ingest(
        addresses[0].replace(signed, "?Signature=another"), f"{web.address}/other.wav?token={secret}"
    )
    assert again.unchanged == 2
    said = f"{report} {again} {caplog.text} {collection.failures()}"
    stored = b"".join(file.read_bytes() for file in database.settings.data_dir.rglob("*") if file.is_file())
    assert secret not in said
    assert secret.encode() not in stored


def test_without_its_query_it_can_be_ingested_but_not_be_played(web: WebServer, collection: Collection) -> None:
    web.put("/a.wav", wav())
    collection.ingest(f"{web.address}/a.wav?id=7")
    web.put("/a.wav", wav(1))
    with pytest.raises(NotFoundError):
        collection.audio(1)


@pytest.mark.parametrize("address", ["http://anna:pw1234@host/a.wav", "https://anna@host/a.wav"])
def test_names_and_passwords_are_refused_and_not_repeated(collection: Collection, address: str) -> None:
    with pytest.raises(QueryError) as refused:
        collection.ingest(address)
    assert "anna" not in refused.value.message
    assert "pw1234" not in refused.value.message


def test_a_redirect_leads_to_no_file(web: WebServer, collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    location = {"Location": (tmp_path / "a.wav").as_uri()}
    report = collection.ingest(web.put("/a.wav", b"", statuses=[302] * 100, headers=location))
    assert codes(report) == ["unreadable"]


def test_a_redirect_within_the_web_is_followed(web: WebServer, collection: Collection) -> None:
    web.put("/there.wav", wav())
    address = web.put("/here.wav", b"", statuses=[302] * 100, headers={"Location": "/there.wav"})
    assert collection.ingest(address).ingested == 1
    assert collection.recordings().items[0].uris == (address,)


def test_a_stored_recording_is_played_and_audited(web: WebServer, database: Database) -> None:
    collection = database.collection()
    collection.ingest(web.put("/a.wav", wav()))
    played = collection.audio(1)
    assert (played.media_type, played.path.read_bytes()[:4]) == ("audio/wav", b"RIFF")
    audit = collection.audit(sample=10)
    assert (audit.utterances, audit.gone, audit.decoded_otherwise, audit.max_embedding_deviation) == (1, 0, 0, 0.0)
    web.put("/a.wav", wav(5))
    assert collection.audit(sample=10).gone == 1
    collection.delete(1)
    assert not played.path.exists()


def test_the_policy_holds_for_what_lies_elsewhere(web: WebServer, collection: Collection) -> None:
    address = web.put("/call.wav", wav(channels=2))
    collection.ingest(address, roles={"left": "agent", "right": "customer"})
    collection.forbid_role("agent", reason="a test", delete_existing=True)
    assert [one.channel for one in collection.recordings().items] == ["right"]
    (kept,) = collection.recordings().items
    assert collection.audio(kept.recording_id).media_type == "audio/wav"
    report = collection.ingest(web.put("/other.wav", wav(7, channels=2)), roles={"left": "agent", "right": "customer"})
    assert (report.ingested, report.refused) == (1, 1)
    assert collection.ingest(web.put("/mono.wav", wav(9)), role="agent").refused == 1


def test_a_manifest_lists_addresses(web: WebServer, collection: Collection, tmp_path: Path) -> None:
    web.put("/a.wav", wav(1, channels=2))
    web.put("/b.wav", wav(2))
    (tmp_path / "c.wav").write_bytes(wav(3))
    table = tmp_path / "calls.csv"
    table.write_text(
        "uri,customer,channel,role\n"
        f"{web.address}/a.wav,anna,left,customer\n"
        f"{web.address}/a.wav,,right,agent\n"
        f"{web.address}/b.wav,ben,,\n"
        "c.wav,cleo,,\n"
        "ftp://host/d.wav,dora,,\n"
        f"{web.address}/gone.wav,emil,,\n"
    )
    report = collection.ingest(manifest=table)
    assert (report.ingested, sorted(codes(report))) == (4, ["bad_row", "unreadable"])
    found = {
        (one.uris[0].rpartition("/")[2], one.channel): one.details.customer for one in collection.recordings().items
    }
    assert found == {
        ("a.wav", "left"): "anna",
        ("a.wav", "right"): None,
        ("b.wav", "mix"): "ben",
        ("c.wav", "mix"): "cleo",
    }
    assert web.asked("GET").count("/a.wav") == 1
    assert collection.ingest(manifest=table).unchanged == 4


def test_what_failed_is_tried_again_in_the_foreground_and_by_a_worker(web: WebServer, database: Database) -> None:
    collection = database.collection()
    a = web.put("/a.wav", wav(1), statuses=[503] * 8)
    b = web.put("/b.wav", wav(2), statuses=[503] * 16)
    assert collection.ingest(a, b, customer="anna").failed == 2
    web.pages["/a.wav"].statuses.clear()
    again = collection.ingest(retry_failed=True)
    assert (again.ingested, codes(again)) == (1, ["unreachable"])
    web.pages["/b.wav"].statuses.clear()
    (failed_job, _) = database.jobs().items
    job = database.retry_job(failed_job.job_id)
    database.run_next_job("w")
    assert database.job(job.job_id).state is JobState.DONE
    assert [one.details.customer for one in collection.recordings().items] == ["anna", "anna"]


def test_without_the_extra_the_command_that_installs_it_is_told(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    table = tmp_path / "calls.csv"
    table.write_text("uri\nhttps://host/a.wav\n")
    for asked in ({"manifest": table}, {}):
        with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[remote\]'"):
            collection.ingest(*([] if asked else ["s3://calls/"]), **asked)  # type: ignore[arg-type]
    assert not collection.exists() or collection.recordings().items == ()
