"""The API key, the browser's session in its place, and protection from other sites' requests."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote, urlsplit

from flask import Response, redirect, request
from itsdangerous import BadSignature, TimestampSigner

from emovec_db.api.errors import ForbiddenError, UnauthorizedError
from emovec_db.api.security.proxies import is_forwarded
from emovec_db.settings import Settings

COOKIE = "emovec_session"
SESSION_S = 12 * 60 * 60
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: endpoints that need no key: health says nothing of the content, sign-in is how the key gets in
_OPEN_ENDPOINTS = frozenset(
    {
        "health.lives",
        "health.is_ready",
        "pages.signin.form",
        "pages.signin.sign_in",
        "pages.preferences.choose",
        "static",
    }
)


def wants_page() -> bool:
    """Whether a browser asks, for somebody to read."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


class Access:
    """Decides for every request whether it may pass."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None
        # derived, so that the cookie's signature tells nothing of the key; a new key ends all sessions
        secret = hmac.new(self._key or b"", b"emovec-db session 1", hashlib.sha256).digest()
        self._signer = TimestampSigner(secret, salt="emovec-db session", digest_method=hashlib.sha256)

    @property
    def asks_for_key(self) -> bool:
        return self._key is not None

    def check(self) -> Response | None:
        """None lets the request pass; a browser that wants a page is sent to sign in.

        Raises:
            UnauthorizedError: neither key nor session; or no key is set, and a proxy passed the request on.
            ForbiddenError: another site's page sent the request.
        """
        if self._has_key_header():
            return None
        self._refuse_other_sites()
        if request.endpoint in _OPEN_ENDPOINTS:
            return None
        if self._key is None:
            # nor does a session count: without a key anybody could sign one
            self._refuse_forwarded()
            return None
        if self.has_session():
            return None
        if request.method == "GET" and wants_page():
            return redirect("/signin?next=" + quote(request.full_path.rstrip("?"), safe=""))  # type: ignore[return-value]
        raise UnauthorizedError(
            "an API key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`, or sign in at /signin"
        )

    def is_key(self, given: str) -> bool:
        """Whether `given` is the key, compared in constant time."""
        return self._key is not None and hmac.compare_digest(given.encode(), self._key)

    def new_session(self) -> str:
        """The cookie of a browser that showed the key."""
        return self._signer.sign(b"session").decode()

    def has_session(self) -> bool:
        """Whether the request has a cookie of ours that has not expired."""
        try:
            return self._signer.unsign(request.cookies.get(COOKIE, ""), max_age=SESSION_S) == b"session"
        except BadSignature:
            return False

    def _has_key_header(self) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        return self.is_key(bearer) or self.is_key(request.headers.get("X-API-Key", ""))

    def _refuse_forwarded(self) -> None:
        """Without a key only this machine may ask, and that a proxy runs on it says nothing of who asks the proxy."""
        if is_forwarded():
            raise UnauthorizedError(
                "a proxy passed this request on, and the server asks for no key, so that anybody could come in: "
                "set EMOVEC_API_KEY"
            )

    def _refuse_other_sites(self) -> None:
        """Browsers say where a request comes from; programs say nothing and have no cookie."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if request.method in _SAFE_METHODS:
            # links may lead here; what a page of another site loads by itself would only make this one compute
            if site in ("cross-site", "same-site") and request.headers.get("Sec-Fetch-Mode") != "navigate":
                raise ForbiddenError("another site's page asks for this; only this server's own pages may")
            return
        if site is not None:
            trusted = site in ("same-origin", "none")
        elif origin is not None:
            trusted = urlsplit(origin).netloc.lower() == request.host.lower()
        else:
            trusted = COOKIE not in request.cookies
        if not trusted:
            raise ForbiddenError("this request comes from another site's page; send it from this server's own pages")
