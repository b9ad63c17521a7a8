"""Stored utterances, one or some picked ones."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.forms import json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Utterance
from emovec_db.api.schemas.groups import Selection
from emovec_db.api.schemas.requests import CollectionPath, SelectionBody, UtterancePath
from emovec_db.documents import selection_document, utterance_document

utterances = APIBlueprint(
    "utterances",
    __name__,
    url_prefix="/v1/collections/<name>/utterances",
    abp_tags=[Tag(name="utterances", description="Segments of recordings, each with its emotion")],
    abp_security=SECURITY,
)


@utterances.get("/<id:utterance_id>", responses={200: Utterance, **failures(404)})
def show_utterance(path: UtterancePath) -> Response:
    """One utterance, with what belongs to its recording."""
    return jsonify(utterance_document(collection(path.name).utterance(path.utterance_id)))


@utterances.post(
    "/selections",
    responses={200: Selection, **failures(404, 415)},
    request_body=request_body(json=SelectionBody),
)
def select(path: CollectionPath) -> Response:
    """What up to 200 utterances add up to, and each of them; nothing is stored."""
    return jsonify(selection_document(collection(path.name).select(json_body(SelectionBody).utterance_ids)))
