"""Whether the server lives and can work."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import context
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import EncoderInUse, Health, Readiness

health = APIBlueprint("health", __name__, abp_tags=[Tag(name="server", description="Health and encoder")])


@health.get("/healthz", responses={200: Health, **failures()})
def lives() -> Response:
    """The process lives."""
    return jsonify(status="ok")


@health.get("/readyz", responses={200: Readiness, 503: Readiness, **failures()})
def is_ready() -> tuple[Response, int]:
    """The database answers and the encoder is warm; 503 and what is missing otherwise."""
    problems = context().readiness.problems()
    status = "not ready" if problems else "ready"
    return jsonify(status=status, problems=problems), 503 if problems else 200


@health.get("/v1/encoder", responses={200: EncoderInUse, **failures()}, security=SECURITY)
def encoder() -> Response:
    """The encoder that new collections get, and what must be known of it."""
    database = context().database
    return jsonify(encoder=database.encoder_id(), notice=database.encoder_notice())
