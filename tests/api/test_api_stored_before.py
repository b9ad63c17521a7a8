"""What an upload's item and pages say of a recording that was stored before, and of what was said of it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from emovec_db.api.schemas.answers import Recording
from emovec_db.api.schemas.jobs import FailurePage, Job
from tests.api.requests import COLLECTION, Api, checked, wav
from tests.api.test_api_drafts import DRAFTS, made
from tests.calls import write_call


@pytest.fixture
def ingested(api: Api, tmp_path: Path) -> Path:
    """A clip of nobody, stored from a folder."""
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav(200))
    api.database.collection().ingest(clip)
    return clip


def customer(api: Api, recording_id: int = 1) -> str | None:
    stored = checked(api.client.get(f"{COLLECTION}/recordings/{recording_id}"), 200, Recording)
    return str(stored["customer"]) if stored["customer"] else None


def outcome(job: Any) -> tuple[str, dict[str, int], str | None, list[int]]:
    (item,) = job["items"]
    return job["state"], job["counts"], item["code"], item["recording_ids"]


def test_details_of_what_came_from_elsewhere_are_kept_and_change_the_second_time(api: Api, ingested: Path) -> None:
    clip = ingested.read_bytes()
    kept = api.store(clip, customer="Newcomer")
    assert outcome(kept) == ("done", {"updated": 1}, "details_kept", [1])
    assert "same name" in kept["items"][0]["message"]
    assert customer(api) is None
    changed = api.store(clip, customer="Newcomer")
    assert outcome(changed) == ("done", {"updated": 1}, "details_changed", [1])
    assert customer(api) == "Newcomer"
    assert outcome(api.store(clip, customer="Newcomer")) == ("done", {"unchanged": 1}, None, [1])
    assert outcome(api.store(clip, "other.wav")) == ("done", {"updated": 1}, None, [1])
    for job in (kept, changed):
        assert job["errors"] == []
        assert checked(api.client.get(f"/v1/jobs/{job['job_id']}/failures"), 200, FailurePage)["items"] == []


def test_a_mix_leads_to_all_channels_that_are_stored(api: Api, tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav").read_bytes()
    new = api.store(call, "call.wav", channels="left,right", customer="amara")
    assert outcome(new) == ("done", {"ingested": 2}, None, [1, 2])
    mixed = api.store(call, "mix.wav", customer="beatriz")
    assert outcome(mixed) == ("done", {"updated": 1}, "channels_kept", [1, 2])
    assert {customer(api, one) for one in (1, 2)} == {"amara"}
    assert outcome(api.store(call, "mix.wav", channels="left,right", customer="beatriz"))[2] == "details_changed"
    assert {customer(api, one) for one in (1, 2)} == {"beatriz"}


def store_draft(api: Api, token: str, **details: str) -> int:
    queued = checked(api.client.post(f"{DRAFTS}/{token}/recordings", json=details), 202, Job)
    api.database.run_next_job("test")
    return int(queued["job_id"])


def page(api: Api, address: str, language: str = "en") -> str:
    response = api.client.get(address, headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200
    return html.unescape(response.text)


def said(api: Api, address: str, language: str = "en") -> str:
    """The words of the draft's page on how it is stored; empty where it says nothing."""
    found = re.search(r'<div id="stored".*?</div>', page(api, address, language), re.DOTALL)
    return " ".join(re.sub("<[^>]+>", "", found[0]).split()) if found else ""


def test_a_drafts_page_says_what_became_of_it(api: Api, ingested: Path) -> None:
    new = made(api, wav(400))["token"]
    job_id = store_draft(api, new, customer="amara")
    assert said(api, f"/drafts/{new}?job={job_id}") == "It is stored in collection default: recording 2"
    assert "<summary>Change what is known of it</summary>" in page(api, f"/drafts/{new}?job={job_id}")

    known = made(api, ingested.read_bytes())["token"]
    address = f"/drafts/{known}?job={store_draft(api, known, customer='Newcomer', role='agent')}"
    assert said(api, address).startswith("It was stored in collection default already: recording 1 It came from else")
    assert "填写的信息没有采用" in said(api, address, "zh")
    assert customer(api) is None
    address = f"/drafts/{known}?job={store_draft(api, known, customer='Newcomer', role='agent')}"
    assert said(api, address).endswith("changed to what was said now.")
    assert "已改为" in said(api, address, "zh")
    assert customer(api) == "Newcomer"
    api.client.delete(f"{COLLECTION}/recordings/1")
    assert page_is_gone(api, address)


def page_is_gone(api: Api, address: str) -> bool:
    return api.client.get(address).status_code == 404


def test_a_drafts_page_leads_to_all_channels(api: Api, tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav").read_bytes()
    api.store(call, "call.wav", channels="left,right")
    token = made(api, call, "call.wav")["token"]
    address = f"/drafts/{token}?job={store_draft(api, token, customer='amara')}"
    assert "recording 1 (left channel), recording 2 (right channel)" in said(api, address)
    assert "recording 2 (right channel) The channels of this file are stored each for itself" in said(api, address)
    assert "左右声道分开" in said(api, address, "zh")
    assert 'id="store"' not in page(api, address)


@pytest.mark.parametrize("claim", ["stored=999999", "job=999999", "job=2", "job=x", "job=9" + 30 * "9", "job=3"])
def test_a_drafts_page_does_not_believe_its_address(api: Api, ingested: Path, claim: str) -> None:
    assert ingested.exists()  # by job 1
    api.store(wav(400), "other.wav")
    token = made(api, wav(600))["token"]
    job_id = store_draft(api, token)
    if claim == "job=3":
        api.client.delete(f"{COLLECTION}/recordings/3")
        token = made(api, wav(600, 2.5))["token"]
    else:
        assert said(api, f"/drafts/{token}?job={job_id}")
    assert said(api, f"/drafts/{token}?{claim}") == ""
    assert "Add to collection default" in page(api, f"/drafts/{token}?{claim}")


def test_a_jobs_page_says_what_became_of_an_upload(api: Api, ingested: Path) -> None:
    job_id = api.store(ingested.read_bytes(), customer="Newcomer")["job_id"]
    assert "It came from elsewhere before" in page(api, f"/jobs/{job_id}")
    assert "stored already, came from elsewhere or with other details" in page(api, f"/jobs/{job_id}")
    assert "填写的信息没有采用" in page(api, f"/jobs/{job_id}", "zh")
    assert 'id="failed"' not in page(api, f"/jobs/{job_id}")


def test_a_channel_that_is_not_there_has_a_code_of_its_own(api: Api) -> None:
    job = api.store(wav(200), channels="left,right")
    assert outcome(job) == ("failed", {"failed": 2}, "no_channel", [])
    assert "文件没有这个声道" in page(api, f"/jobs/{job['job_id']}", "zh")
