"""The OpenAPI document: valid, complete, and true."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from emovec_db.api.app import EmovecApp
from emovec_db.api.json_provider import OrjsonProvider
from emovec_db.api.schemas.answers import Error
from tests.api.requests import COLLECTION, Api, checked, failed, wav

#: pages for people; all else is the API
PAGES = {
    "/",
    "/customer-comparison",
    "/customers",
    "/customers/{customer}",
    "/docs",
    "/docs/assets/{name}",
    "/openapi.json",
    "/preferences",
    "/server",
    "/signin",
    "/signout",
    "/static/{filename}",
}


def documented(app: EmovecApp) -> set[tuple[str, str]]:
    document = app.test_client().get("/openapi.json").json
    return {(path, method) for path, operations in document["paths"].items() for method in operations}


def test_the_document_is_valid(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_every_address_is_documented(app: EmovecApp) -> None:
    routes = {
        (re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    api = {(path, method) for path, method in routes if path not in PAGES}
    assert api == documented(app)
    assert {path for path, _ in routes} >= PAGES


def test_every_operation_says_what_it_does_and_how_it_fails(client: FlaskClient) -> None:
    for path, operations in client.get("/openapi.json").json["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                if status[0] in "45" and path != "/readyz":
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}, (path, status)


def test_failures_have_one_shape(client: FlaskClient) -> None:
    failed(client.get("/nosuch"), 404, "not_found")
    failed(client.get("/v1/jobs/999"), 404, "not_found")
    failed(client.get(f"/v1/jobs/{2**63}"), 404, "not_found")
    failed(client.get("/v1/jobs/0"), 404, "not_found")
    refused = client.put("/v1/jobs/1")
    failed(refused, 405, "method_not_allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    failed(client.get("/docs/assets/../plugins.py"), 404, "not_found")
    failed(client.get("/static/../app.py"), 404, "not_found")


def test_a_surprise_says_nothing_of_the_inside(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fall(*_given: Any, **_options: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("emovec_db.database.Database.jobs", fall)
    problem = failed(client.get("/v1/jobs"), 500, "internal")
    assert "secret" not in str(problem)
    assert "Traceback" not in str(problem)
    assert problem["detail"]["error_id"] in caplog.text
    assert "secret of the inside" in caplog.text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_KNOWN = st.dictionaries(
    st.sampled_from(["k", "space", "utterance_id", "embedding", "filter", "seed", "min_similarity", "since", "limit"]),
    _JSON | st.just(1),
    max_size=4,
)
_MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_MANY
@given(body=st.binary(max_size=200) | (_JSON | _KNOWN).map(lambda value: json.dumps(value).encode()).filter(bool))
def test_no_body_breaks_the_server(client: FlaskClient, body: bytes) -> None:
    for address in ("searches", "clusterings"):
        response = client.post(f"{COLLECTION}/{address}", data=body, content_type="application/json")
        checked(response, response.status_code, Error)
        assert 400 <= response.status_code < 500


@_MANY
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(
        ["multipart/form-data; boundary=B", "multipart/form-data", "application/x-www-form-urlencoded", ""]
    ),
    address=st.sampled_from(["predictions", "recordings", "searches", "similarities"]),
)
def test_no_form_breaks_the_server(client: FlaskClient, body: bytes, content_type: str, address: str) -> None:
    response = client.post(f"{COLLECTION}/{address}", data=body, content_type=content_type)
    checked(response, response.status_code, Error)
    assert 400 <= response.status_code < 500


@_MANY
@given(
    name=st.text(max_size=20),
    query=st.dictionaries(st.sampled_from(["since", "limit", "cursor", "metadata"]), st.text()),
)
def test_no_address_breaks_the_server(client: FlaskClient, name: str, query: dict[str, str]) -> None:
    quoted = quote(name)
    for address in (
        f"/v1/collections/{quoted}",
        f"{COLLECTION}/customers/{quoted}/profile",
        f"{COLLECTION}/recordings",
    ):
        response = client.get(address, query_string=query)
        assert response.status_code < 500, response.text


@_MANY
@given(query=st.fixed_dictionaries({"metadata": _JSON.map(json.dumps)}))
def test_no_metadata_filter_breaks_the_server(client: FlaskClient, query: dict[str, str]) -> None:
    assert client.get(f"{COLLECTION}/recordings", query_string=query).status_code in (400, 404, 422)


def test_odd_file_names_are_shown(api: Api) -> None:
    job = api.store(wav(200), 'näme \U0001f600 "quoted".wav')
    assert job["state"] == "done"


def test_json_writes_what_orjson_refuses(app: EmovecApp) -> None:
    provider = OrjsonProvider(app)
    assert provider.loads(provider.dumps({"uri": "a\udce4.wav"}).replace("\\udce4", "?")) == {"uri": "a?.wav"}
    assert provider.dumps({"x": float("nan")}) == '{"x":null}'
