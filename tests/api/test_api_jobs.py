"""Jobs: list, show, cancel, try again."""

from __future__ import annotations

from pathlib import Path

from emovec_db.api.schemas.jobs import FailurePage, Job, JobPage
from tests.api.requests import COLLECTION, Api, checked, failed, file, wav


def upload(api: Api, name: str = "clip.wav") -> int:
    queued = api.send(f"{COLLECTION}/recordings", {"recording": file(wav(200), name)})
    return int(checked(queued, 202, Job)["job_id"])


def test_pages_of_one_collections_jobs(api: Api) -> None:
    ids = [upload(api) for _ in range(3)]
    page = checked(api.client.get("/v1/jobs?collection=default&limit=2"), 200, JobPage)
    assert [job["job_id"] for job in page["items"]] == [ids[2], ids[1]]
    rest = checked(api.client.get(f"/v1/jobs?collection=default&cursor={page['next_cursor']}"), 200, JobPage)
    assert [job["job_id"] for job in rest["items"]] == [ids[0]]
    failed(api.client.get("/v1/jobs?collection=nosuch"), 404, "not_found")


def test_jobs_name_their_file_until_its_recording_is_deleted(api: Api, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    (tmp_path / "call.wav").write_bytes(wav(400))
    api.database.collection().ingest(tmp_path / "call.wav")
    api.database.collection().ingest(tmp_path)
    recording_id = api.stored_id(wav(200), "call 7.wav")

    def names() -> list[str | None]:
        jobs = checked(api.client.get("/v1/jobs"), 200, JobPage)["items"]
        return [job["uri"] and job["uri"].rpartition("/")[2] for job in jobs]

    assert names() == ["call%207.wav", "notes.wav", None]
    api.client.delete(f"{COLLECTION}/recordings/{recording_id}")
    assert names() == [None, "notes.wav", None]


def test_cancel(api: Api) -> None:
    job_id = upload(api)
    cancelled = checked(api.client.post(f"/v1/jobs/{job_id}/cancel"), 200, Job)
    assert (cancelled["state"], cancelled["counts"]) == ("cancelled", {})
    assert api.database.run_next_job("test") is None
    failed(api.client.post(f"/v1/jobs/{job_id}/cancel"), 409, "conflict")
    failed(api.client.post("/v1/jobs/999/cancel"), 404, "not_found")


def test_show_and_retry_what_failed(api: Api, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    (tmp_path / "call.wav").write_bytes(wav(200))
    api.database.collection().ingest(tmp_path / "notes.wav", tmp_path / "call.wav")
    (job,) = checked(api.client.get("/v1/jobs"), 200, JobPage)["items"]
    shown = checked(api.client.get(f"/v1/jobs/{job['job_id']}"), 200, Job)
    assert (shown["kind"], shown["state"], shown["total"]) == ("archive", "done", 2)
    assert shown["counts"] == {"failed": 1, "ingested": 1}
    assert shown["rate_per_s"] > 0
    assert [(kind["code"], kind["count"]) for kind in shown["errors"]] == [("not_audio", 1)]
    assert shown["errors"][0]["examples"][0]["uri"].endswith("/notes.wav")

    (tmp_path / "notes.wav").write_bytes(wav(400))
    response = api.client.post(f"/v1/jobs/{job['job_id']}/retry")
    again = checked(response, 202, Job)
    assert response.headers["Location"] == f"/v1/jobs/{again['job_id']}"
    api.database.run_next_job("test")
    assert checked(api.client.get(response.headers["Location"]), 200, Job)["counts"] == {"ingested": 1}
    failed(api.client.post(f"/v1/jobs/{job['job_id']}/retry"), 409, "conflict")


def test_what_failed_page_by_page(api: Api, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.wav").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    api.database.collection().ingest(tmp_path)
    (job,) = checked(api.client.get("/v1/jobs"), 200, JobPage)["items"]
    address = f"/v1/jobs/{job['job_id']}/failures"
    everything = checked(api.client.get(address), 200, FailurePage)["items"]
    assert len(everything) == 4
    assert all(one["message"] and one["state"] == "failed" for one in everything)
    first = checked(api.client.get(f"{address}?code=not_audio&limit=2"), 200, FailurePage)
    query = {"code": "not_audio", "cursor": first["next_cursor"]}
    second = checked(api.client.get(address, query_string=query), 200, FailurePage)
    found = first["items"] + second["items"]
    assert found == [one for one in everything if one["code"] == "not_audio"]
    assert second["next_cursor"] is None
    assert len(found) >= 3
    failed(api.client.get(f"{address}?cursor=nonsense"), 400, "bad_query")
    failed(api.client.get("/v1/jobs/999/failures"), 404, "not_found")


def test_what_failed_in_an_upload(api: Api) -> None:
    job = api.store(b"this is text, not sound" * 50, "notes.wav")
    (shown,) = checked(api.client.get(f"/v1/jobs/{job['job_id']}/failures"), 200, FailurePage)["items"]
    assert shown == job["items"][0]
    stored = api.store(wav(200))
    assert checked(api.client.get(f"/v1/jobs/{stored['job_id']}/failures"), 200, FailurePage)["items"] == []
