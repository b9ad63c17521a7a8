"""Language and colours, kept in cookies of the reader's browser."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from emovec_db.api.pages.frame import THEME_COOKIE, THEMES
from emovec_db.api.pages.language import COOKIE as LANGUAGE_COOKIE
from emovec_db.api.pages.translations import LANGUAGES
from emovec_db.api.security.addresses import own_address

preferences = Blueprint("preferences", __name__)
KEPT_S = 365 * 24 * 60 * 60


@preferences.post("/preferences")
def choose() -> Response:
    """Set what was chosen and go back to where it was chosen."""
    response = redirect(own_address(request.form.get("next")), 303)
    for cookie, field, known in ((LANGUAGE_COOKIE, "language", LANGUAGES), (THEME_COOKIE, "theme", THEMES)):
        chosen = request.form.get(field, "")
        if chosen in known:
            response.set_cookie(cookie, chosen, max_age=KEPT_S, samesite="Lax", secure=request.is_secure)
    return response
