"""Classify and compare recordings without storing them."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.forms import form_fields
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Classification
from emovec_db.api.schemas.matches import Similarity
from emovec_db.api.schemas.requests import CollectionPath, PredictionForm, SimilarityForm
from emovec_db.api.uploads import on_disk, shown_name, upload_limits
from emovec_db.documents import classification_document

classify = APIBlueprint(
    "classify",
    __name__,
    url_prefix="/v1/collections/<name>",
    abp_tags=[Tag(name="classify", description="Emotion of recordings that are not stored")],
    abp_security=SECURITY,
)


@classify.post(
    "/predictions",
    responses={200: Classification, **failures(403, 413, 503)},
    request_body=request_body(form=PredictionForm),
)
def predict(path: CollectionPath) -> Response:
    """Nine scores of an uploaded recording, by the collection's encoder."""
    form = form_fields(PredictionForm)
    limits = upload_limits(context().settings)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        result = collection(path.name).classify(
            recording, frames=form.granularity == "frame", role=form.role, channel=form.channel, limits=limits
        )
    return jsonify(classification_document(shown_name(form.recording), result, form.granularity))


@classify.post(
    "/similarities",
    responses={200: Similarity, **failures(403, 413, 503)},
    request_body=request_body(form=SimilarityForm),
)
def compare(path: CollectionPath) -> Response:
    """How near two uploaded recordings are."""
    form = form_fields(SimilarityForm)
    with on_disk(*form.recording) as (first, second), context().encoder.place():
        limits = upload_limits(context().settings)
        similarity = collection(path.name).compare(
            first, second, space=form.space, role=form.role, channel=form.channel, limits=limits
        )
    return jsonify(space=form.space, similarity=similarity)
