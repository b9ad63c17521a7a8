"""The page to try the API."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, send_from_directory

from emovec_db.api.security.headers import DOCS_POLICY

docs = Blueprint("docs", __name__)


@docs.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    return jsonify(current_app.api_doc)  # type: ignore[attr-defined]


@docs.get("/docs")
def page() -> Response:
    """Swagger UI, from files of this server."""
    response = make_response(render_template("docs.html"))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@docs.get("/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """Swagger UI's own files, as PyPI's flask-openapi-swagger brings them."""
    return send_from_directory(_swagger_folder(), name)


def _swagger_folder() -> Path:
    spec = find_spec("flask_openapi_swagger")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("flask-openapi-swagger is not installed")
    return Path(spec.origin).parent / "templates" / "swagger"
