"""What reverse proxies tell: scheme, host, and that the sender is not on this machine."""

from __future__ import annotations

import pytest
from flask import request
from flask.testing import FlaskClient

from emovec_db.api.app import create_app
from emovec_db.api.security.access import COOKIE
from emovec_db.api.serve import serve
from emovec_db.database import Database
from emovec_db.errors import SettingsError
from emovec_db.settings import read_settings
from tests.api.requests import COLLECTION, KEY, failed

PUBLIC = "emotions.example"
#: as a proxy writes them that ends TLS
TOLD = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": PUBLIC}


def behind(database: Database, proxies: int, **fields: object) -> FlaskClient:
    """Of a server on loopback that has a key and a public name."""
    told = {"api_key": KEY, "allowed_hosts": PUBLIC, "trusted_proxies": proxies, **fields}
    return create_app(database, read_settings(**{**database.settings.model_dump(), **told})).test_client()


def cookie(client: FlaskClient, headers: dict[str, str]) -> str:
    answer = client.post("/signin", data={"key": KEY}, headers=headers)
    assert answer.status_code == 303, answer.text
    return answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("proxies", "headers", "secure"),
    [
        (0, {}, False),
        (0, TOLD, False),
        (1, {}, False),
        (1, TOLD, True),
        (1, {**TOLD, "X-Forwarded-Proto": "https, http"}, False),
        (1, {**TOLD, "X-Forwarded-Proto": "http, https"}, True),
        (2, TOLD, False),
        (2, {**TOLD, "X-Forwarded-Proto": "https, http"}, True),
    ],
)
def test_cookies_are_for_https_where_a_trusted_proxy_had_it(
    database: Database, proxies: int, headers: dict[str, str], secure: bool
) -> None:
    client = behind(database, proxies)
    chosen = client.post("/preferences", data={"language": "zh"}, headers=headers).headers["Set-Cookie"]
    signed_out = client.post("/signout", headers={**headers, "X-API-Key": KEY}).headers["Set-Cookie"]
    for given in (chosen, signed_out, cookie(client, headers)):
        assert ("Secure" in given) == secure


@pytest.mark.parametrize(
    ("proxies", "sent", "seen"),
    [
        (0, TOLD, ("127.0.0.1", "http", "localhost")),
        (1, TOLD, ("203.0.113.7", "https", PUBLIC)),
        (1, {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"}, ("203.0.113.7", "http", "localhost")),
        (2, {"X-Forwarded-For": "::1, 203.0.113.7, 10.0.0.1"}, ("203.0.113.7", "http", "localhost")),
        (1, {"X-Forwarded-Prefix": "/x", "X-Forwarded-Port": "1"}, ("127.0.0.1", "http", "localhost")),
        (1, {"Forwarded": "for=203.0.113.7;proto=https"}, ("127.0.0.1", "http", "localhost")),
    ],
)
def test_what_is_believed(database: Database, proxies: int, sent: dict[str, str], seen: tuple[str, str, str]) -> None:
    client = behind(database, proxies)
    with client:
        assert client.get("/healthz", headers=sent).status_code == 200
        assert (request.remote_addr, request.scheme, request.host) == seen
        assert request.root_path == ""


def test_the_public_name_is_checked_like_any_other(database: Database) -> None:
    failed(behind(database, 1, allowed_hosts="").get("/healthz", headers=TOLD), 421, "misdirected")
    evil = {**TOLD, "X-Forwarded-Host": "evil.example"}
    failed(behind(database, 1).get("/healthz", headers=evil), 421, "misdirected")
    # the name that is not believed is not checked either: the Host header is
    assert behind(database, 0).get("/healthz", headers=evil).status_code == 200


def test_other_sites_are_told_by_the_public_address(database: Database) -> None:
    own, other = {"Origin": f"https://{PUBLIC}"}, {"Origin": "https://evil.example"}
    for port in ("", ":443"):
        told = {**TOLD, "X-Forwarded-Host": PUBLIC + port}
        assert cookie(behind(database, 1), {**told, **own})
        failed(behind(database, 1).post("/signin", data={"key": KEY}, headers={**told, **other}), 403, "cross_site")
    unasked = {**TOLD, "X-Forwarded-Host": "evil.example"}
    failed(behind(database, 0).post("/signin", data={"key": KEY}, headers={**unasked, **other}), 403, "cross_site")


def test_behind_a_proxy_a_key_is_a_must(database: Database) -> None:
    keyless = read_settings(**{**database.settings.model_dump(), "trusted_proxies": 1})
    for start in (serve, lambda settings: create_app(database, settings)):
        with pytest.raises(SettingsError, match="whoever reaches its proxy without a key: set EMOVEC_API_KEY"):
            start(keyless)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"])
def test_a_proxy_lets_nobody_in_without_a_key(client: FlaskClient, name: str) -> None:
    for value in ("127.0.0.1", "localhost", ""):
        for address in ("/v1/collections", COLLECTION, "/", "/archive"):
            assert client.get(address).status_code in (200, 404)
            refused = client.get(address, headers={name: value})
            assert "set EMOVEC_API_KEY" in failed(refused, 401, "unauthorized")["message"]
        failed(client.delete(f"{COLLECTION}/recordings/1", headers={name: value}), 401, "unauthorized")
    assert client.get("/healthz", headers={name: "x"}).status_code == 200
    forged = f"{COOKIE}={client.application.extensions['emovec_db_access'].new_session()}"
    failed(client.get("/v1/collections", headers={name: "x", "Cookie": forged}), 401, "unauthorized")
    page = client.get("/archive", headers={name: "x", "Accept": "text/html"})
    assert (page.status_code, "EMOVEC_API_KEY" in page.text) == (401, True)


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_proxied_request_needs_the_key_whatever_it_says(database: Database, proxies: int) -> None:
    client = behind(database, proxies)
    for claimed in ("127.0.0.1", "::1", "localhost"):
        headers = {"X-Forwarded-For": claimed, "X-Forwarded-Host": "localhost"}
        failed(client.get("/v1/collections", headers=headers), 401, "unauthorized")
        assert client.get("/v1/collections", headers={**headers, "X-API-Key": KEY}).status_code == 200
