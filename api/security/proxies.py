"""What reverse proxies tell of a request: believed of as many as the operator names, and of no other."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from emovec_db.settings import Settings

#: a browser or program on this machine sends none of them
_TOLD = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")


def trust_proxies(app: Flask, settings: Settings) -> None:
    """Take client, scheme and host from the last proxies before `app`, as many as are trusted."""
    trusted = settings.trusted_proxies
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)  # type: ignore[method-assign]


def is_forwarded() -> bool:
    """Whether the request says that a proxy passed it on, so that its sender may be anywhere."""
    return any(name in request.headers for name in _TOLD)
