"""A browser shows the key once and gets a cookie, since audio and event streams can't send headers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for

from emovec_db.api.security.access import COOKIE, SESSION_S, Access
from emovec_db.api.security.addresses import own_address

signin = Blueprint("signin", __name__)


@signin.get("/signin")
def form() -> str:
    """The form for the key."""
    return render_template("signin.html", failed=False, next=_next())


@signin.post("/signin")
def sign_in() -> Response:
    """Check the key; set the cookie."""
    access = _access()
    if not access.is_key(request.form.get("key", "")):
        return make_response(render_template("signin.html", failed=True, next=_next()), 401)
    response = make_response(redirect(_next(), 303))
    response.set_cookie(
        COOKIE,
        access.new_session(),
        max_age=SESSION_S,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
    return response


@signin.post("/signout")
def sign_out() -> Response:
    """Forget the cookie."""
    response = make_response(redirect(url_for("pages.signin.form"), 303))
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


def _access() -> Access:
    access: Access = current_app.extensions["emovec_db_access"]
    return access


def _next() -> str:
    return own_address(request.values.get("next"))
