"""Jobs as they change, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.test import TestResponse

from emovec_db.api import job_events
from emovec_db.api.app import LISTENERS
from emovec_db.api.schemas.jobs import JobPage
from tests.api.requests import COLLECTION, Api, failed, wav

ADDRESS = "/v1/jobs/events"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_events, "POLL_S", 0.01)
    monkeypatch.setattr(job_events, "STREAM_S", 30)


@contextmanager
def listening(api: Api, query: str = "") -> Iterator[tuple[TestResponse, Iterator[Any]]]:
    """The answer, and the pages of jobs that it brings."""
    response = api.client.get(f"{ADDRESS}{query}")
    assert response.status_code == 200, response.text
    try:
        yield response, _pages(response)
    finally:
        response.close()


def _pages(response: TestResponse) -> Iterator[Any]:
    for sent in response.iter_encoded():
        kind, _, data = sent.decode().partition("\ndata: ")
        if kind == "event: jobs":
            page = json.loads(data)
            JobPage.model_validate(page, strict=True)
            yield page["items"]


def test_a_job_is_followed_to_its_end(api: Api) -> None:
    with listening(api) as (response, pages):
        assert response.mimetype == "text/event-stream"
        assert response.headers["Cache-Control"] == "private, no-store, no-transform"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in response.headers
        assert "Content-Length" not in response.headers
        assert next(pages) == []
        done = api.store(wav(200))
        (told,) = next(pages)
        while told["state"] != "done":
            (told,) = next(pages)
    assert told["job_id"] == done["job_id"]
    assert told["counts"] == {"ingested": 1}
    assert "items" not in told


def test_who_comes_later_is_told_of_what_ended_lately(api: Api) -> None:
    ids = [api.store(wav(hz))["job_id"] for hz in (200, 400)]
    with listening(api) as (_, pages):
        assert [told["job_id"] for told in next(pages)] == ids[::-1]
    api.database.collection("other").forbid_role("agent")
    with listening(api, "?collection=other") as (_, pages):
        assert next(pages) == []
    with listening(api, "?collection=default") as (_, pages):
        assert len(next(pages)) == 2


def test_a_collection_that_is_not_there(api: Api) -> None:
    for _ in range(LISTENERS + 1):
        failed(api.client.get(f"{ADDRESS}?collection=nosuch"), 404, "not_found")
    failed(api.client.get(f"{ADDRESS}?page=2"), 422, "invalid")


def test_when_too_many_listen_the_next_is_told_to_ask_instead(api: Api) -> None:
    answers = [api.client.get(ADDRESS) for _ in range(LISTENERS)]
    assert {answer.status_code for answer in answers} == {200}
    refused = api.client.get(ADDRESS)
    assert failed(refused, 503, "busy")["detail"] == {"retry_after_s": 30}
    assert refused.headers["Retry-After"] == "30"
    assert api.client.get(f"{COLLECTION}/policy").status_code == 404, "all else is answered"
    answers.pop().close()
    with listening(api) as (_, pages):
        next(pages)
    for answer in answers:
        answer.close()


def test_every_place_comes_back(api: Api) -> None:
    """Of those who go in the middle, before the first word, or wanted no body."""
    for _ in range(LISTENERS + 1):
        with listening(api) as (_, pages):
            next(pages)
        for method in (api.client.get, api.client.head):
            with method(ADDRESS) as answer:
                assert answer.status_code == 200
    with listening(api):
        pass
