"""Headers that tell browsers what a page of this server may do."""

from __future__ import annotations

from flask import Response, g

#: scripts, styles and sound from this server only, nothing inline, no framing
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Swagger UI sets style attributes
DOCS_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def set_security_headers(response: Response) -> Response:
    """Add what is not set yet; answers are private and kept by no cache unless they say otherwise."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    if not response.cache_control.public:
        # what comes bit by bit must not be held back to be compressed
        unchanged = ", no-transform" if response.cache_control.no_transform else ""
        headers["Cache-Control"] = "private, no-store" + unchanged
    return response


def _policy() -> str:
    """With a nonce where the page has style elements of its own."""
    nonce = g.get("style_nonce")
    return _POLICY if nonce is None else _POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
