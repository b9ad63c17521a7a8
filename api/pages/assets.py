"""Addresses of scripts and styles: a changed file has another address, so that browsers may keep what they have."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, request, url_for

_STATIC = Path(__file__).resolve().parent.parent / "static"
#: the build gives shared modules names that hold a digest of what is in them
_DIGEST_NAMED = "chunk-"
#: what is not there now may be after an upgrade
_FOUND = frozenset({200, 206, 304})
KEPT_S = 365 * 24 * 60 * 60


def asset_url(name: str) -> str:
    """Of a file below ``static/build``."""
    return url_for("static", filename=f"build/{name}", v=_version(name))


def keep_assets(response: Response) -> Response:
    """Let browsers keep what has its digest in its address."""
    if (
        request.endpoint == "static"
        and response.status_code in _FOUND
        and ("v" in request.args or _DIGEST_NAMED in request.path)
    ):
        response.cache_control.public = True
        response.cache_control.max_age = KEPT_S
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    return response


@cache
def _version(name: str) -> str:
    return hashlib.sha256((_STATIC / "build" / name).read_bytes()).hexdigest()[:12]
