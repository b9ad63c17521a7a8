"""Host header, key, browser session, other sites' requests, headers."""

from __future__ import annotations

import logging
import re
import time
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import create_app
from emovec_db.api.security.access import SESSION_S
from emovec_db.api.serve import serve
from emovec_db.database import Database
from emovec_db.errors import SettingsError
from emovec_db.settings import Settings, read_settings
from tests.api.requests import COLLECTION, KEY, Api, failed, file, wav

OTHER_SITE = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1234"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
]
OWN_SITE = [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]


def with_settings(database: Database, **fields: object) -> FlaskClient:
    return create_app(database, read_settings(**{**database.settings.model_dump(), **fields})).test_client()


@pytest.mark.parametrize("host", ["localhost", "localhost:7860", "127.0.0.1:80", "[::1]:7860", "LOCALHOST"])
def test_loopback_names_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.nip.io", ""]
)
def test_rebound_names_are_not(client: FlaskClient, host: str) -> None:
    for address in ("/healthz", COLLECTION, "/docs", "/nosuch"):
        failed(client.get(address, headers={"Host": host}), 421, "misdirected")


def test_further_names_can_be_allowed(database: Database) -> None:
    client = with_settings(database, allowed_hosts="emotions.lan, Other.lan")
    for host in ("emotions.lan:7860", "other.lan", "localhost"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    failed(client.get("/healthz", headers={"Host": "evil.example"}), 421, "misdirected")


def test_beyond_loopback_a_key_is_a_must(database: Database) -> None:
    open_to_all = read_settings(**{**database.settings.model_dump(), "host": "0.0.0.0"})
    with pytest.raises(SettingsError, match="EMOVEC_API_KEY"):
        create_app(database, open_to_all)
    with pytest.raises(SettingsError, match="EMOVEC_API_KEY"):
        serve(open_to_all)
    client = with_settings(database, host="0.0.0.0", api_key=KEY)
    assert client.get("/healthz", headers={"Host": "anything.example"}).status_code == 200


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}])
def test_the_key_opens(locked_client: FlaskClient, headers: dict[str, str]) -> None:
    assert locked_client.get("/v1/collections", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer "},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": "schlüssel"},
        {"Cookie": "emovec_session=session.x.y"},
    ],
)
def test_without_the_key_nothing_is_told(locked_client: FlaskClient, headers: dict[str, str]) -> None:
    for address in ("/v1/collections", COLLECTION, "/v1/jobs", "/openapi.json", "/docs", "/", "/nosuch"):
        response = locked_client.get(address, headers=headers)
        failed(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    failed(locked_client.post(f"{COLLECTION}/searches", json={"utterance_id": 1}, headers=headers), 401, "unauthorized")


def test_health_needs_no_key(locked_client: FlaskClient) -> None:
    assert locked_client.get("/healthz").json == {"status": "ok"}
    assert locked_client.get("/readyz").status_code == 503


def test_a_browser_signs_in_and_out(locked_client: FlaskClient, api: Api) -> None:
    recording_id = api.stored_id(wav(200))
    page = locked_client.get("/docs?x=1", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (302, "/signin?next=%2Fdocs%3Fx%3D1")
    assert 'value="/docs?x=1"' in locked_client.get(page.headers["Location"]).text

    wrong = locked_client.post("/signin", data={"key": "wrong"})
    assert wrong.status_code == 401
    assert "Set-Cookie" not in wrong.headers

    right = locked_client.post("/signin", data={"key": KEY, "next": "/docs"}, headers={"Origin": "http://localhost"})
    assert (right.status_code, right.headers["Location"]) == (303, "/docs")
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert KEY not in cookie

    assert locked_client.get("/v1/collections").status_code == 200
    sound = locked_client.get(f"{COLLECTION}/recordings/{recording_id}/audio", buffered=True)
    assert sound.data == wav(200)

    assert locked_client.post("/signout", headers={"Origin": "http://localhost"}).status_code == 303
    failed(locked_client.get("/v1/collections"), 401, "unauthorized")


def test_the_cookie_is_secure_over_tls(locked_client: FlaskClient) -> None:
    response = locked_client.post("/signin", data={"key": KEY}, base_url="https://localhost")
    assert "Secure" in response.headers["Set-Cookie"]


def test_a_session_ends(locked_client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    locked_client.post("/signin", data={"key": KEY})
    signed_at = time.time()
    monkeypatch.setattr(
        "itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: int(signed_at + SESSION_S - 5)
    )
    assert locked_client.get("/v1/collections").status_code == 200
    monkeypatch.setattr(
        "itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: int(signed_at + SESSION_S + 5)
    )
    failed(locked_client.get("/v1/collections"), 401, "unauthorized")


def test_another_keys_session_is_no_session(locked_client: FlaskClient, database: Database) -> None:
    signed_in = locked_client.post("/signin", data={"key": KEY})
    value = SimpleCookie(signed_in.headers["Set-Cookie"])["emovec_session"].value
    other = with_settings(database, api_key="another-key-of-the-same-server")
    failed(other.get("/v1/collections", headers={"Cookie": f"emovec_session={value}"}), 401, "unauthorized")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "evil",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: a=b",
    ],
)
def test_signing_in_leads_nowhere_else(locked_client: FlaskClient, wanted: str) -> None:
    response = locked_client.post("/signin", data={"key": KEY, "next": wanted})
    assert response.headers["Location"] == "/"


def test_choosing_a_language_leads_nowhere_else(client: FlaskClient) -> None:
    response = client.post("/preferences", data={"language": "zh", "next": "/a\r\nSet-Cookie: a=b"})
    assert (response.status_code, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_pages_load_nothing_but_may_link(client: FlaskClient, site: str) -> None:
    loaded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    failed(client.get(f"{COLLECTION}/maps?method=umap", headers=loaded), 403, "cross_site")
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    assert client.get("/server", headers=followed).status_code == 200


def test_a_page_that_failed_leads_back_to_where_the_form_was(client: FlaskClient) -> None:
    headers = {"Accept": "text/html", "Referer": "http://localhost/archive?sort=customer"}
    page = client.post("/archive/uploads", data={}, headers=headers)
    assert page.status_code == 422
    assert 'name="next" value="/archive?sort=customer"' in page.text
    elsewhere = client.post("/archive/uploads", data={}, headers={**headers, "Referer": "http://evil.example/x"})
    assert 'name="next" value="/"' in elsewhere.text


def test_a_method_that_no_page_has_is_told_on_a_page(client: FlaskClient) -> None:
    page = client.get("/archive/uploads", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (405, "text/html")
    assert "POST" in page.headers["Allow"]


def test_what_is_not_there_is_not_kept(client: FlaskClient) -> None:
    with client.get("/static/build/nosuch.js?v=1") as missing, client.get("/static/build/app.css?v=1") as there:
        assert "immutable" not in missing.headers["Cache-Control"]
        assert "immutable" in there.headers["Cache-Control"]


@pytest.mark.parametrize("headers", OTHER_SITE)
def test_other_sites_cant_act(client: FlaskClient, locked_client: FlaskClient, headers: dict[str, str]) -> None:
    locked_client.post("/signin", data={"key": KEY})
    for target in (client, locked_client):
        failed(target.post(f"{COLLECTION}/recordings", data={}, headers=headers), 403, "cross_site")
        failed(target.delete(f"{COLLECTION}/recordings/1", headers=headers), 403, "cross_site")
    failed(locked_client.post("/signin", data={"key": KEY}, headers=headers), 403, "cross_site")


@pytest.mark.parametrize("headers", OWN_SITE)
def test_own_pages_can(client: FlaskClient, locked_client: FlaskClient, headers: dict[str, str]) -> None:
    locked_client.post("/signin", data={"key": KEY}, headers=headers)
    for target in (client, locked_client):
        failed(target.delete(f"{COLLECTION}/recordings/1", headers=headers), 404, "not_found")


def test_a_cookie_alone_does_not_act(locked_client: FlaskClient) -> None:
    """A browser too old to say where its request comes from."""
    locked_client.post("/signin", data={"key": KEY})
    failed(locked_client.delete(f"{COLLECTION}/recordings/1"), 403, "cross_site")


def test_a_key_in_a_header_acts_from_anywhere(locked_client: FlaskClient) -> None:
    """No page can add the header without asking first, and the server never agrees."""
    headers = {"X-API-Key": KEY, "Origin": "http://evil.example"}
    failed(locked_client.delete(f"{COLLECTION}/recordings/1", headers=headers), 404, "not_found")
    asked = locked_client.options("/v1/collections", headers={"Origin": "http://evil.example"})
    assert not [name for name, _ in asked.headers if name.lower().startswith("access-control")]


def test_headers_of_every_answer(client: FlaskClient) -> None:
    for address in ("/", "/docs", "/v1/collections", "/nosuch", "/signin", "/static/build/app.css"):
        with client.get(address) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "script-src 'self';" in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "same-origin"


def test_pages_have_nothing_inline_and_ask_no_other_host(client: FlaskClient) -> None:
    for address in ("/", "/docs", "/signin"):
        text = client.get(address).text
        assert not re.search(r"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))", text)
        assert not re.search(r"<style|\son\w+=|\sstyle=|https?://", text)
        for name in re.findall(r'(?:src|href)="(/(?:static|docs/assets)/[^"]+)"', text):
            with client.get(name) as part:
                assert part.status_code == 200, name


def test_stored_names_are_escaped(api: Api) -> None:
    api.client.post(
        "/v1/collections/%3Cscript%3E/recordings", data={"recording": file(wav(200), "<script>alert(1)</script>.wav")}
    )
    assert "<script>alert" not in api.client.get("/").text
    assert "/<script>/" not in api.client.get("/").text


def test_the_log_names_nobody(api: Api, locked_client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        api.client.get(f"{COLLECTION}/customers/secretperson/profile?since=2026-01-01")
        locked_client.post("/signin", data={"key": KEY})
        locked_client.get("/v1/collections", headers={"X-API-Key": KEY})
        api.client.get("/nosuch/secretperson")
    lines = [record.getMessage() for record in caplog.records if record.name == "emovec_db.api.request_log"]
    assert [re.sub(r"\d+ ms", "ms", line) for line in lines] == [
        "GET /v1/collections/<name>/customers/<name:customer>/profile 404 ms",
        "POST /signin 303 ms",
        "GET /v1/collections 200 ms",
        "GET (no route) 404 ms",
    ]
    assert "secretperson" not in caplog.text
    assert KEY not in caplog.text


def test_settings_come_in_only_through_the_argument(database: Database, settings: Settings) -> None:
    """Two apps with other settings live side by side."""
    first, second = with_settings(database, api_key=KEY), with_settings(database, api_key=None)
    statuses = [client.get("/v1/collections").status_code for client in (first, second, first)]
    assert statuses == [401, 200, 401]
