"""Upload, list, show, hear, delete."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
import soundfile
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from emovec_db.api.schemas.answers import CollectionPage, Deletion, Recording, RecordingPage, Track, Waveform
from emovec_db.api.schemas.jobs import FailurePage, Job, JobPage
from emovec_db.api.schemas.profiles import CustomerPage
from emovec_db.emotions import LABELS
from emovec_db.worker import run
from tests.api.requests import COLLECTION, Api, checked, failed, file, wav
from tests.sounds import tone


def test_an_upload_is_a_job_until_the_worker_did_it(api: Api) -> None:
    response = api.client.post(f"{COLLECTION}/recordings", data={"recording": file(wav(200), "a call.wav")})
    queued = checked(response, 202, Job)
    assert queued["state"] == "queued"
    assert response.headers["Location"] == f"/v1/jobs/{queued['job_id']}"

    api.database.run_next_job("test")

    done = checked(api.client.get(response.headers["Location"]), 200, Job)
    assert done["state"] == "done"
    assert done["counts"] == {"ingested": 1}
    assert [item["state"] for item in done["items"]] == ["done"]
    assert [job["job_id"] for job in checked(api.client.get("/v1/jobs"), 200, JobPage)["items"]] == [done["job_id"]]


def test_an_upload_that_waits_answers_the_finished_job(api: Api) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=run, args=(api.database, stop, 0.01))
    worker.start()
    try:
        url = f"{COLLECTION}/recordings?wait=30"
        first = checked(api.client.post(url, data={"recording": file(wav(200))}), 201, Job)
        again = checked(api.client.post(url, data={"recording": file(wav(200))}), 200, Job)
    finally:
        stop.set()
        worker.join()
    assert (first["state"], first["counts"]) == ("done", {"ingested": 1})
    assert first["items"][0]["recording_ids"] == again["items"][0]["recording_ids"]
    assert again["counts"] == {"unchanged": 1}


def test_what_was_deleted_is_not_stored_again_unless_that_is_said(api: Api) -> None:
    def upload(**said: str) -> TestResponse:
        return api.client.post(f"{COLLECTION}/recordings", data={"recording": file(wav(200)), **said})

    upload()
    job = api.database.run_next_job("test")
    assert job is not None
    (recording_id,) = api.database.job_items(job.job_id)[0].recording_ids
    api.client.delete(f"{COLLECTION}/recordings/{recording_id}")
    failed(upload(), 409, "suppressed")
    (shown,) = checked(api.client.get("/v1/collections"), 200, CollectionPage)["items"]
    assert (shown["recordings"], shown["suppressions"]) == (0, 1)

    checked(upload(allow_again="true"), 202, Job)
    job = api.database.run_next_job("test")
    assert job is not None
    assert job.counts == {"ingested": 1}


def test_waiting_ends_without_a_worker(api: Api) -> None:
    response = api.client.post(f"{COLLECTION}/recordings?wait=0.01", data={"recording": file(wav(200))})
    assert checked(response, 202, Job)["state"] == "queued"


def test_several_files_are_several_jobs(api: Api) -> None:
    files = MultiDict([("recording", file(wav(200), "a.wav")), ("recording", file(wav(400), "b.wav"))])
    jobs = checked(api.client.post(f"{COLLECTION}/recordings", data=files), 202, JobPage)["items"]
    assert len({job["job_id"] for job in jobs}) == 2


def test_what_people_know_is_kept(api: Api) -> None:
    recording_id = api.stored_id(
        wav(600),
        customer="c42",
        speaker="s1",
        role="customer",
        recorded_at="2026-03-01T14:30",
        metadata='{"campaign": "spring", "agents": [1, 2]}',
    )
    recording = checked(api.client.get(f"{COLLECTION}/recordings/{recording_id}"), 200, Recording)
    expected = {
        "customer": "c42",
        "speaker": "s1",
        "role": "customer",
        "recorded_at": "2026-03-01T14:30:00Z",
        "metadata": {"campaign": "spring", "agents": [1, 2]},
        "label": LABELS[2],
    }
    assert {name: recording[name] for name in expected} == expected
    assert [(one["start_s"], one["end_s"]) for one in recording["utterances"]] == [(0, 2)]
    assert recording["utterances"][0]["scores"][LABELS[2]] == pytest.approx(0.92, abs=1e-4)


def test_the_track_of_a_recording(api: Api) -> None:
    recording_id = api.stored_id(wav(600))
    track = checked(api.client.get(f"{COLLECTION}/recordings/{recording_id}/track"), 200, Track)
    assert track["hz"] == 2
    assert len(track["scores"]) == 4, "two seconds"
    assert all(step[2] == pytest.approx(0.92, abs=0.002) for step in track["scores"])
    failed(api.client.get(f"{COLLECTION}/recordings/99/track"), 404, "not_found")


def test_the_waveform_of_a_recording(api: Api) -> None:
    recording_id = api.stored_id(wav(600, level=0.5))
    drawn = checked(api.client.get(f"{COLLECTION}/recordings/{recording_id}/waveform"), 200, Waveform)
    assert drawn["duration_s"] == 2
    assert len(drawn["peaks"]) == 200
    assert drawn["peaks"] == pytest.approx([127.5] * 200, abs=1), "each 10 ms have six periods of a sine"
    failed(api.client.get(f"{COLLECTION}/recordings/99/waveform"), 404, "not_found")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"recorded_at": "yesterday"}, 400, "bad_query"),
        ({"roles": "left"}, 400, "bad_query"),
        ({"metadata": "[1]"}, 422, "invalid"),
        ({"metadata": "{"}, 422, "invalid"),
        ({"role": "boss"}, 422, "invalid"),
        ({"custommer": "c1"}, 422, "invalid"),
        ({"customer": "a\x00b"}, 422, "invalid"),
    ],
)
def test_details_that_make_no_sense_store_nothing(api: Api, fields: dict[str, str], status: int, code: str) -> None:
    response = api.client.post(f"{COLLECTION}/recordings", data={"recording": file(wav(200)), **fields})
    failed(response, status, code)
    assert api.client.get("/v1/jobs").json["items"] == []


def test_an_upload_without_a_file_says_so(api: Api) -> None:
    problem = failed(api.client.post(f"{COLLECTION}/recordings", data={"customer": "c"}), 422, "invalid")
    assert [error["field"] for error in problem["detail"]["errors"]] == ["recording"]


def test_a_bad_file_fails_in_its_job(api: Api) -> None:
    job = api.store(b"this is text, not sound" * 50, "notes.wav")
    assert job["state"] == "failed"
    assert [item["code"] for item in job["items"]] == ["not_audio"]
    assert "notes.wav" in job["items"][0]["message"], "not the key under which its bytes were kept"
    failures = checked(api.client.get(f"{COLLECTION}/failures"), 200, FailurePage)["items"]
    assert failures == [], "an upload's job tells; failures are of archives, which can be tried again"


def test_pages_and_filters(api: Api) -> None:
    ids = [api.stored_id(wav(hz), customer=customer) for hz, customer in ((200, "a"), (400, "a"), (600, "b"))]
    first = checked(api.client.get(f"{COLLECTION}/recordings?limit=2"), 200, RecordingPage)
    second = checked(
        api.client.get(f"{COLLECTION}/recordings", query_string={"cursor": first["next_cursor"]}), 200, RecordingPage
    )
    assert [one["recording_id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None
    of_a = checked(api.client.get(f"{COLLECTION}/recordings?customer=a&label=angry"), 200, RecordingPage)
    assert [one["recording_id"] for one in of_a["items"]] == ids[:1]
    customers = checked(api.client.get(f"{COLLECTION}/customers"), 200, CustomerPage)["items"]
    assert [(one["customer"], one["recordings"]) for one in customers] == [("a", 2), ("b", 1)]
    (summary,) = checked(api.client.get("/v1/collections"), 200, CollectionPage)["items"]
    assert (summary["recordings"], summary["customers"], summary["duration_s"]) == (3, 2, 6)


def test_pages_in_an_order(api: Api) -> None:
    ids = [api.stored_id(wav(hz), customer=customer) for hz, customer in ((200, "b"), (400, "ä"), (600, "a"))]
    first = checked(api.client.get(f"{COLLECTION}/recordings?sort=-customer&limit=2"), 200, RecordingPage)
    query = {"cursor": first["next_cursor"], "sort": "-customer"}
    second = checked(api.client.get(f"{COLLECTION}/recordings", query_string=query), 200, RecordingPage)
    assert [one["recording_id"] for one in first["items"] + second["items"]] == [ids[1], ids[0], ids[2]]
    other = api.client.get(f"{COLLECTION}/recordings", query_string={**query, "sort": "customer"})
    assert "no cursor of recordings by customer" in failed(other, 400, "bad_query")["message"]


def test_a_cursor_may_hold_a_long_name(api: Api) -> None:
    for hz in (200, 400):
        api.stored_id(wav(hz), customer="客" * 900)
    query = {"sort": "customer", "limit": 1}
    first = checked(api.client.get(f"{COLLECTION}/recordings", query_string=query), 200, RecordingPage)
    query["cursor"] = first["next_cursor"]
    second = checked(api.client.get(f"{COLLECTION}/recordings", query_string=query), 200, RecordingPage)
    assert [one["recording_id"] for one in (*first["items"], *second["items"])] == [1, 2]


@pytest.mark.parametrize(
    "query", ["sort=label", "limit=0", "limit=501", "limit=x", "label=cross", "min_confidence=2", "page=2"]
)
def test_a_bad_query_is_named(api: Api, query: str) -> None:
    api.stored_id(wav(200))
    problem = failed(api.client.get(f"{COLLECTION}/recordings?{query}"), 422, "invalid")
    assert [error["field"] for error in problem["detail"]["errors"]] == [query.partition("=")[0]]


def test_a_cursor_of_no_ones_is_refused(api: Api) -> None:
    api.stored_id(wav(200))
    failed(api.client.get(f"{COLLECTION}/recordings?cursor=nonsense"), 400, "bad_query")


def test_sound_comes_in_ranges(api: Api) -> None:
    content = wav(200)
    url = f"{COLLECTION}/recordings/{api.stored_id(content)}/audio"
    whole = api.client.get(url, buffered=True)
    assert whole.status_code == 200
    assert whole.data == content
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Cache-Control"] == "private, no-store"
    part = api.client.get(url, headers={"Range": "bytes=100-199"}, buffered=True)
    assert part.status_code == 206
    assert part.data == content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"
    beyond = api.client.get(url, headers={"Range": f"bytes={len(content)}-"})
    failed(beyond, 416, "requested_range_not_satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"


def test_one_channel_comes_in_ranges(api: Api) -> None:
    """Of a file with several, where a WAV of that channel alone is played."""
    two = io.BytesIO()
    soundfile.write(two, np.stack([tone(200, 1), tone(400, 1)], axis=1), 16_000, format="WAV", subtype="PCM_16")
    job = api.store(two.getvalue(), "call.wav", channels="left,right")
    url = f"{COLLECTION}/recordings/{job['items'][0]['recording_ids'][1]}/audio"
    whole = api.client.get(url, buffered=True)
    assert (whole.status_code, whole.mimetype) == (200, "audio/wav")
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.data)
    for asked, start, end in (("100-199", 100, 200), (f"{size - 10}-", size - 10, size), ("-5", size - 5, size)):
        part = api.client.get(url, headers={"Range": f"bytes={asked}"}, buffered=True)
        assert part.status_code == 206
        assert part.data == whole.data[start:end]
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    beyond = api.client.get(url, headers={"Range": f"bytes={size}-"})
    failed(beyond, 416, "requested_range_not_satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_sound_never_becomes_a_page(api: Api) -> None:
    """An upload that calls itself HTML is played as sound or not at all."""
    response = api.client.get(f"{COLLECTION}/recordings/{api.stored_id(wav(200), 'page.html')}/audio", buffered=True)
    assert response.mimetype.startswith("audio/") or response.mimetype == "application/octet-stream"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_deleting_takes_all_away(api: Api) -> None:
    kept, gone = api.stored_id(wav(200), customer="a"), api.stored_id(wav(400), customer="b")
    url = f"{COLLECTION}/recordings/{gone}"
    assert checked(api.client.delete(url), 200, Deletion) == {"recordings": 1, "utterances": 1, "blobs": 1}
    for address in (url, f"{url}/audio"):
        failed(api.client.get(address), 404, "not_found")
    failed(api.client.delete(url), 404, "not_found")
    assert checked(api.client.delete(f"{COLLECTION}/customers/a"), 200, Deletion)["recordings"] == 1
    failed(api.client.get(f"{COLLECTION}/recordings/{kept}"), 404, "not_found")


def test_no_client_makes_the_server_fetch_anything(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a file's name, not by a field, and not by trying again what failed."""
    asked: list[object] = []
    monkeypatch.setattr("emovec_db.sources.remote.storage._filesystem", asked.append)
    address = "http://169.254.169.254/latest/a.wav"
    fields = dict.fromkeys(("uri", "url", "path", "paths", "manifest", "customer"), address)
    sent = api.client.post(f"{COLLECTION}/recordings", data={"recording": file(wav(200), address), **fields})
    if sent.status_code == 202:
        api.database.run_next_job("test")
    bad = api.client.post(f"{COLLECTION}/recordings", data={"recording": file(b"no sound", address)})
    job = checked(bad, 202, Job)
    while api.database.run_next_job("test") is not None:
        pass
    assert api.client.post(f"/v1/jobs/{job['job_id']}/retry").status_code == 409
    for one in checked(api.client.get(f"{COLLECTION}/recordings"), 200, RecordingPage)["items"]:
        assert one["uris"][0].startswith("upload:")
        assert api.client.get(f"{COLLECTION}/recordings/{one['recording_id']}/audio").status_code == 200
    named = file(b"no sound", address)
    assert api.client.post(f"{COLLECTION}/predictions", data={"recording": named}).status_code == 422
    assert asked == []
