"""What pages make of their addresses, also of ones that are old or wrong."""

from __future__ import annotations

import html
import re
from importlib import import_module

import pytest

from tests.api.requests import COLLECTION, Api, wav


def stored_utterance(api: Api, hz: float) -> int:
    recording_id = api.stored_id(wav(hz), f"{hz}.wav", customer="amara")
    return int(api.client.get(f"{COLLECTION}/recordings/{recording_id}").json["utterances"][0]["utterance_id"])


def test_examples_that_are_gone_are_told_and_the_rest_is_searched_by(api: Api) -> None:
    kept, _other = stored_utterance(api, 400), stored_utterance(api, 800)
    response = api.client.get(f"/search?like={kept}&like=99999")
    assert response.status_code == 200
    assert response.text.count("no longer stored") == 1
    assert 'class="card match"' in response.text
    against = api.client.get("/search?mix_sad=60&unlike=99999")
    assert against.text.count("no longer stored") == 1
    assert 'class="card match"' in against.text
    alone = api.client.get("/search?like=99999")
    assert alone.status_code == 200
    assert 'class="card match"' not in alone.text


@pytest.mark.parametrize("page", ["/search", "/clusters", "/archive"])
def test_a_form_has_all_that_the_address_filters_by(api: Api, page: str) -> None:
    stored_utterance(api, 400)
    given = {
        "min_confidence": "0.7", "since": "2026-03-05T10:00", "speaker": "s<1>", "where": "angry > 0.3",
        "role": "agent", "label": "sad", "until": "2026-04-01", "customer": "amara",
    }  # fmt: skip
    shown = html.unescape(api.client.get(page, query_string=given).text)
    assert '<option value="0.7" selected>' in shown
    assert '<input type="text" name="since" value="2026-03-05T10:00">' in shown
    assert '<input type="date" name="until" value="2026-04-01">' in shown
    for name in ("speaker", "where", "customer"):
        assert re.search(f'<input [^>]*name="{name}" value="{re.escape(given[name])}"', shown), name
    for name in ("role", "label"):
        assert f'<option value="{given[name]}" selected>' in shown


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/customers?sort=nope", 422),
        ("/customers?cursor=x", 400),
        ("/customers/amara?period=nope", 422),
        ("/customer-comparison?first=amara&second=amara&period=nope", 422),
        ("/archive?label=nope", 422),
        ("/archive?cursor=x", 400),
        ("/search?mix_sad=50&label=nope", 422),
        ("/clusters?cursor=x", 400),
        ("/clusters?colour=cluster&run=99", 404),
        ("/cluster-comparison?first=x", 400),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page_itself(api: Api, address: str, status: int) -> None:
    stored_utterance(api, 400)
    response = api.client.get(address, headers={"Accept": "text/html"})
    assert response.status_code == status
    assert 'role="alert"' in response.text
    assert "<form" in response.text.partition("<main")[2]


def test_only_some_customers_are_offered_for_a_comparison(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("emovec_db.api.pages.customers"), "OFFERED", 2)
    for number, name in enumerate(("conor", "amara", "beatriz")):
        api.stored_id(wav(200 * (number + 1)), f"{name}.wav", customer=name)
    page = api.client.get("/customer-comparison").text
    assert re.findall(r'<option value="(amara|beatriz|conor)">', page) == ["amara", "beatriz"]


def test_only_what_is_gone_is_said_to_be_deleted(api: Api) -> None:
    recording_id = api.stored_id(wav(200))
    for claim in (recording_id, "x", "9" * 30, -1):
        assert "is deleted" not in api.client.get(f"/archive?deleted={claim}").text
    deleted = api.client.post(f"/archive/{recording_id}/deletion")
    assert f"Recording {recording_id} is deleted" in api.client.get(deleted.headers["Location"]).text
    assert "is deleted" not in api.client.get("/archive?collection=nosuch&deleted=1").text
