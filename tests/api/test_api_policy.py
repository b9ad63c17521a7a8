"""A collection's policy over HTTP: it can be seen and tightened, and holds at every address that takes sound in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from emovec_db.api.app import EmovecApp
from emovec_db.api.schemas.answers import Classification, Collection, Policy, Recording, RefusalPage
from emovec_db.api.schemas.drafts import Draft
from emovec_db.api.schemas.jobs import Job
from emovec_db.api.schemas.matches import SearchResult, Similarity
from emovec_db.api.schemas.overviews import TrajectoryResult
from emovec_db.store.store import Store
from tests.api.requests import COLLECTION, KEY, Api, checked, failed, file
from tests.calls import files_with_agent, write_call
from tests.integration.services.test_policy import forbid_by_hand

FORBIDDEN_ROLES = f"{COLLECTION}/policy/forbidden-roles"
#: form fields that name the role and channel of what is sent, by address
SAID = {
    "predictions": ("role", "channel"),
    "drafts": ("role", "channel"),
    "similarities": ("role", "channel"),
    "searches": ("recording_role", "recording_channel"),
    "trajectories": ("recording_role", "recording_channel"),
}


@pytest.fixture
def call(tmp_path: Path) -> bytes:
    return write_call(tmp_path / "call.wav").read_bytes()


@pytest.fixture
def forbidding(api: Api) -> Api:
    """The default collection forbids agents."""
    checked(api.client.post(FORBIDDEN_ROLES, json={"role": "agent", "reason": "the law"}), 200, Policy)
    return api


def sent(api: Api, address: str, content: bytes, **fields: str) -> TestResponse:
    copies = 2 if address == "similarities" else 1
    form = MultiDict([("recording", file(content)) for _ in range(copies)])
    form.update(fields)
    return api.send(f"{COLLECTION}/{address}", form)


def test_a_role_is_forbidden_and_the_log_says_so(api: Api) -> None:
    failed(api.client.get(f"{COLLECTION}/policy"), 404, "not_found")
    told = checked(api.client.post(FORBIDDEN_ROLES, json={"role": "agent", "reason": "the law"}), 200, Policy)
    assert told["forbidden_roles"] == ["agent"]
    (change,) = told["changes"]
    assert (change["role"], change["forbidden"], change["reason"], change["by"], change["deleted"]) == (
        "agent",
        True,
        "the law",
        "HTTP API",
        0,
    )
    again = checked(api.client.post(FORBIDDEN_ROLES, json={"role": "agent"}), 200, Policy)
    assert again == checked(api.client.get(f"{COLLECTION}/policy"), 200, Policy) == told
    assert checked(api.client.get(COLLECTION), 200, Collection)["forbidden_roles"] == ["agent"]
    failed(api.client.post(FORBIDDEN_ROLES, json={"role": "boss"}), 422, "invalid")


def test_forbidding_asks_for_the_key(locked_client: FlaskClient) -> None:
    body = {"role": "agent"}
    failed(locked_client.post(FORBIDDEN_ROLES, json=body), 401, "unauthorized")
    answer = locked_client.post(FORBIDDEN_ROLES, json=body, headers={"Authorization": f"Bearer {KEY}"})
    checked(answer, 200, Policy)


def test_no_address_allows_a_role_again(forbidding: Api, app: EmovecApp) -> None:
    about_policy = {path: set(methods) for path, methods in app.api_doc["paths"].items() if "polic" in path}
    assert about_policy == {
        "/v1/collections/{name}/policy": {"get"},
        "/v1/collections/{name}/policy/forbidden-roles": {"post"},
    }
    for method in ("delete", "put", "patch"):
        failed(getattr(forbidding.client, method)(FORBIDDEN_ROLES), 405, "method_not_allowed")
    failed(forbidding.client.post(FORBIDDEN_ROLES, json={"role": "agent", "forbidden": False}), 422, "invalid")


def test_forbidding_deletes_only_when_told(api: Api, call: bytes) -> None:
    api.store(call, "call.wav")
    conflict = failed(api.client.post(FORBIDDEN_ROLES, json={"role": "agent"}), 409, "conflict")
    assert conflict["detail"] == {"recordings": 1}
    told = api.client.post(FORBIDDEN_ROLES, json={"role": "agent", "delete_existing": True})
    assert checked(told, 200, Policy)["changes"][0]["deleted"] == 1
    assert api.client.get(f"{COLLECTION}/recordings").json["items"] == []


def takes_recordings(app: EmovecApp) -> set[str]:
    """Addresses whose body may hold a recording."""
    schemas = app.api_doc["components"]["schemas"]
    found = set()
    for path, methods in app.api_doc["paths"].items():
        form = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("multipart/form-data")
        if form and {"recording", "audio"} & schemas[form["schema"]["$ref"].rpartition("/")[2]]["properties"].keys():
            found.add(re.sub(r"^/v1/collections/\{name\}/", "", path))
    return found


def test_the_addresses_below_are_all_that_take_recordings(app: EmovecApp) -> None:
    # those of scripts for demo pages are tried in test_api_results.py
    assert takes_recordings(app) == {*SAID, "recordings", "/predict", "/api/predict"}


@pytest.mark.parametrize("address", SAID)
@pytest.mark.parametrize(
    ("role", "channel", "reason"),
    [
        (None, None, "nobody says whose voice it is"),
        (None, "right", "nobody says whose voice it is"),
        ("agent", "left", "its role is agent"),
        ("customer", None, "it would mix several channels"),
        ("customer", "mix", "it would mix several channels"),
    ],
)
def test_no_address_lets_a_forbidden_role_in(
    forbidding: Api, call: bytes, address: str, role: str | None, channel: str | None, reason: str
) -> None:
    said = dict(zip(SAID[address], (role, channel), strict=True))
    problem = failed(
        sent(forbidding, address, call, **{name: value for name, value in said.items() if value}), 403, "refused"
    )
    assert reason in problem["message"]


@pytest.mark.parametrize(("address", "status", "answer"), [
    ("predictions", 200, Classification), ("drafts", 201, Draft), ("similarities", 200, Similarity),
    ("searches", 200, SearchResult), ("trajectories", 200, TrajectoryResult),
])  # fmt: skip
def test_the_customers_channel_is_answered(
    forbidding: Api, call: bytes, address: str, status: int, answer: Any
) -> None:
    role, channel = SAID[address]
    checked(sent(forbidding, address, call, **{role: "customer", channel: "right"}), status, answer)


def test_an_upload_of_an_agent_is_refused_at_once(forbidding: Api, tmp_path: Path, call: bytes) -> None:
    problem = failed(sent(forbidding, "recordings", call, role="agent"), 403, "refused")
    assert "its role is agent" in problem["message"]
    failed(sent(forbidding, "recordings", call), 403, "refused")
    assert files_with_agent(tmp_path / "data") == []
    assert forbidding.client.get("/v1/jobs").json["items"] == []
    (refusal,) = checked(forbidding.client.get(f"{COLLECTION}/refusals"), 200, RefusalPage)["items"]
    assert (refusal["channel"], refusal["role"]) == ("mix", None)
    assert refusal["uri"].endswith("/clip.wav")


def test_of_an_uploaded_call_only_the_customer_is_stored_and_played(
    forbidding: Api, tmp_path: Path, call: bytes
) -> None:
    job = forbidding.store(call, "call.wav", roles="left=agent,right=customer")
    assert (job["state"], job["counts"]) == ("done", {"ingested": 1, "refused": 1})
    (item,) = job["items"]
    assert (item["state"], item["code"]) == ("done", "refused")
    assert "channel left: its role is agent" in item["message"]
    (recording_id,) = item["recording_ids"]
    stored = checked(forbidding.client.get(f"{COLLECTION}/recordings/{recording_id}"), 200, Recording)
    assert (stored["channel"], stored["role"], stored["siblings"]) == ("right", "customer", [])
    (tmp_path / "played").mkdir()
    with forbidding.client.get(f"{COLLECTION}/recordings/{recording_id}/audio") as played:
        assert played.mimetype == "audio/wav"
        (tmp_path / "played" / "a.wav").write_bytes(played.data)
    assert files_with_agent(tmp_path / "played") == files_with_agent(tmp_path / "data") == []


def test_what_is_stored_and_forbidden_is_neither_played_nor_drawn(api: Api, call: bytes) -> None:
    job = api.store(call, "call.wav", roles="left=agent,right=customer")
    forbid_by_hand(Store(api.database.settings.resolved_database_url), api.database.collection())
    statuses = []
    for recording_id in job["items"][0]["recording_ids"]:
        for part in ("audio", "waveform"):
            with api.client.get(f"{COLLECTION}/recordings/{recording_id}/{part}") as answer:
                statuses.append(answer.status_code)
    assert statuses == [403, 403, 200, 200]


def test_a_mix_that_only_the_file_reveals_ends_the_job_as_refused(forbidding: Api, call: bytes) -> None:
    job = forbidding.store(call, "call.wav", role="customer")
    assert (job["state"], job["counts"]) == ("done", {"refused": 1})
    assert "mix several channels" in job["items"][0]["message"]
    checked(forbidding.client.get("/v1/jobs/1"), 200, Job)


def test_siblings_are_told(api: Api, call: bytes) -> None:
    job = api.store(call, "call.wav", roles="left=agent,right=customer")
    left, right = (
        checked(api.client.get(f"{COLLECTION}/recordings/{one}"), 200, Recording)
        for one in sorted(job["items"][0]["recording_ids"])
    )
    assert left["siblings"] == [{"recording_id": right["recording_id"], "channel": "right", "role": "customer"}]
    assert right["siblings"] == [{"recording_id": left["recording_id"], "channel": "left", "role": "agent"}]


def test_the_page_of_searches_asks_whose_voice_a_clip_is(forbidding: Api, call: bytes) -> None:
    page = forbidding.client.get("/search").text
    form = page[page.index('id="by-clip"') :]
    form = form[: form.index("</form>")]
    assert "never scores: agent" in form
    assert re.search(r'<select name="role" required>', form)
    said = {"role": "customer", "channel": "right"}
    assert re.findall(r'name="(role|channel)"', form) == list(said)
    draft = checked(sent(forbidding, "drafts", call, **said), 201, Draft)
    assert forbidding.client.get(f"/search?draft={draft['token']}").status_code == 200
