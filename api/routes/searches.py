"""Similarity search."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.filters import JsonFilter, TextFilter, conditions
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import SearchResult
from emovec_db.api.schemas.requests import CollectionPath, SearchBody, SearchFields, SearchForm
from emovec_db.api.uploads import on_disk, upload_limits
from emovec_db.database import Collection
from emovec_db.documents import search_document
from emovec_db.domain.query import Match

searches = APIBlueprint(
    "searches",
    __name__,
    url_prefix="/v1/collections/<name>",
    abp_tags=[Tag(name="search", description="Recordings that sound alike in emotion")],
    abp_security=SECURITY,
)


@searches.post(
    "/searches",
    responses={200: SearchResult, **failures(403, 404, 413, 415, 503)},
    request_body=request_body(form=SearchForm, json=SearchBody),
)
def search(path: CollectionPath) -> Response:
    """Utterances nearest to a recording (multipart), a stored utterance or an embedding (JSON)."""
    if request.mimetype == "multipart/form-data":
        form, searched = form_fields(SearchForm), collection(path.name)
        space = _space(form, searched)
        return jsonify(search_document(space, _by_recording(searched, form, space)))
    body, searched = json_body(SearchBody), collection(path.name)
    space = "embedding" if body.embedding is not None and body.space is None else _space(body, searched)
    return jsonify(search_document(space, _by_stored(searched, body, space)))


def _space(fields: SearchFields, searched: Collection) -> str:
    return fields.space or searched.spaces.default()


def _by_recording(searched: Collection, form: SearchForm, space: str) -> tuple[Match, ...]:
    limits = upload_limits(context().settings)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        given = {"recording_role": form.recording_role, "recording_channel": form.recording_channel}
        return searched.similar(recording, limits=limits, **given, **_options(form, form, space))  # type: ignore[arg-type]


def _by_stored(searched: Collection, body: SearchBody, space: str) -> tuple[Match, ...]:
    options = _options(body, body.filter, space)
    if body.utterance_id is not None:
        return searched.similar_by_id(body.utterance_id, **options)
    return searched.similar_to_vector(np.asarray(body.embedding, dtype=np.float32), **options)


def _options(fields: SearchFields, filter_: JsonFilter | TextFilter, space: str) -> dict[str, Any]:
    return {
        "k": fields.k,
        "space": space,
        "min_similarity": fields.min_similarity,
        **conditions(filter_),
    }
