"""Similarity search."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.errors import InvalidRequestError
from emovec_db.api.filters import JsonFilter, TextFilter, conditions
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import SearchResult
from emovec_db.api.schemas.requests import CollectionPath, SearchBody, SearchFields, SearchForm, SearchQuery
from emovec_db.api.uploads import FLOATS, NPY, on_disk, upload_limits
from emovec_db.database import Collection
from emovec_db.documents import search_document
from emovec_db.domain.answer import Answer
from emovec_db.domain.vector_bytes import vector_of_floats, vector_of_npy

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
    request_body=request_body(form=SearchForm, json=SearchBody, raw=(NPY, FLOATS)),
)
def search(path: CollectionPath, query: SearchQuery) -> Response:
    """Utterances nearest to a recording (multipart), or to what is stored, scores or an embedding (JSON).

    An embedding may also be the body: an .npy file, or little-endian 32-bit floats; options are in the address then.
    """
    if request.mimetype in {NPY, FLOATS}:
        return jsonify(search_document("embedding", _by_vector(collection(path.name), query)))
    if request.args:
        raise InvalidRequestError("expected options in the form or JSON body, got some in the address")
    if request.mimetype == "multipart/form-data":
        form, searched = form_fields(SearchForm), collection(path.name)
        space = form.space or searched.spaces.default()
        return jsonify(search_document(space, _by_recording(searched, form, space)))
    body, searched = json_body(SearchBody), collection(path.name)
    space = body.space or _own_space(body) or searched.spaces.default()
    return jsonify(search_document(space, _by_stored(searched, body, space)))


def _own_space(body: SearchBody) -> str | None:
    """What can be searched in one space only."""
    if body.embedding is not None:
        return "embedding"
    return "scores" if body.scores is not None else None


def _by_recording(searched: Collection, form: SearchForm, space: str) -> Answer:
    limits = upload_limits(context().settings)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        given = {"recording_role": form.recording_role, "recording_channel": form.recording_channel}
        return searched.similar(recording, limits=limits, **given, **_options(form, form, space))  # type: ignore[arg-type]


def _by_vector(searched: Collection, query: SearchQuery) -> Answer:
    content = request.get_data()
    if request.mimetype == NPY:
        vector = vector_of_npy(content)
    else:
        vector = vector_of_floats(content, searched.summary().collection.generation.encoder.dim)
    return searched.similar_to_vector(vector, **_options(query, query, query.space or "embedding"))


def _by_stored(searched: Collection, body: SearchBody, space: str) -> Answer:
    options = _options(body, body.filter, space)
    if body.embedding is not None:
        return searched.similar_to_vector(np.asarray(body.embedding, dtype=np.float32), **options)
    if body.scores is not None:
        return searched.similar_to_scores(body.scores, **options)
    if body.recording_id is not None:
        return searched.similar_to_recording(body.recording_id, **options)
    if body.of_customer is not None:
        return searched.similar_to_customer(body.of_customer, **options)
    return searched.similar_to_examples(body.like or [body.utterance_id or 0], body.unlike, **options)


def _options(fields: SearchFields, filter_: JsonFilter | TextFilter, space: str) -> dict[str, Any]:
    return {
        "k": fields.k,
        "space": space,
        "min_similarity": fields.min_similarity,
        "exclude_same": fields.exclude_same,
        "per_customer": fields.per_customer,
        "per_recording": fields.per_recording,
        "group_by": fields.group_by,
        "per_group": fields.per_group,
        "diversify": fields.diversify,
        "exact": fields.exact,
        **conditions(filter_),
    }
