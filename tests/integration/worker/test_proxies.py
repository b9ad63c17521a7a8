"""What a served emovec-db believes of proxies, gunicorn and all, asked from this machine as a proxy on it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlencode

from tests.conftest import ROOT
from tests.integration.worker.processes import running

KEY = "a-key-of-twenty-four-letters"
TOLD = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "emotions.example"}


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[int]:
    """The port of a server."""
    environment = {
        "PYTHONPATH": str(ROOT), "EMOVEC_DATA_DIR": str(folder / "data"), "EMOVEC_ENCODER": "fake",
        "FORWARDED_ALLOW_IPS": "*", **variables,
    }  # fmt: skip
    with running(["-m", "emovec_db", "serve", "--port", "0", "--no-worker"], folder, environment) as process:
        yield int(process.match(r"emovec-db is ready: http://127\.0\.0\.1:(\d+)")[1])


def ask(port: int, method: str, address: str, headers: Mapping[str, str], **form: str) -> tuple[int, HTTPMessage]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, address, urlencode(form), {**kind, **headers})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers
    finally:
        connection.close()


def test_nothing_is_believed_unasked(tmp_path: Path) -> None:
    """Not even where gunicorn's own variable says so."""
    with served(tmp_path, EMOVEC_API_KEY=KEY) as port:
        for told in (TOLD, {"X-Forwarded-Ssl": "on"}, {"X-Forwarded-Protocol": "ssl"}, {"Script-Name": "/x"}):
            status, headers = ask(port, "POST", "/signin", told, key=KEY)
            assert (status, headers["Location"]) == (303, "/")
            assert "Secure" not in headers["Set-Cookie"]
        assert ask(port, "GET", "/v1/collections", {"X-Forwarded-For": "127.0.0.1"})[0] == 401
        assert ask(port, "GET", "/healthz", {"Host": "emotions.example"})[0] == 421


def test_without_a_key_only_this_machine_may_ask(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        assert ask(port, "GET", "/v1/collections", {})[0] == 200
        for name in TOLD:
            assert ask(port, "GET", "/v1/collections", {name: "127.0.0.1"})[0] == 401


def test_the_named_proxy_is_believed(tmp_path: Path) -> None:
    named = {"EMOVEC_API_KEY": KEY, "EMOVEC_TRUSTED_PROXIES": "1", "EMOVEC_ALLOWED_HOSTS": "emotions.example"}
    with served(tmp_path, **named) as port:
        status, headers = ask(port, "POST", "/signin", {**TOLD, "Origin": "https://emotions.example"}, key=KEY)
        assert status == 303
        assert "Secure" in headers["Set-Cookie"]
        other = {**TOLD, "Origin": "https://evil.example"}
        assert ask(port, "POST", "/signin", other, key=KEY)[0] == 403
        assert ask(port, "GET", "/v1/collections", {**TOLD, "X-Forwarded-For": "127.0.0.1"})[0] == 401
        assert ask(port, "GET", "/v1/collections", {**TOLD, "X-API-Key": KEY})[0] == 200
        assert ask(port, "GET", "/healthz", {**TOLD, "X-Forwarded-Host": "evil.example"})[0] == 421
