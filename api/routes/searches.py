"""Similarity search."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.errors import InvalidRequestError
from emovec_db.api.filters import JsonFilter, TextFilter, checked, conditions
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.matches import BatchResult, SearchResult
from emovec_db.api.schemas.requests import (
    BatchBody,
    CollectionPath,
    SearchBody,
    SearchFields,
    SearchForm,
    SearchQuery,
    SoughtBody,
)
from emovec_db.api.uploads import FLOATS, NPY, on_disk, upload_limits
from emovec_db.database import Collection
from emovec_db.documents import search_document
from emovec_db.domain.answer import Answer
from emovec_db.domain.similar import But, Examples, Query
from emovec_db.domain.vector_bytes import vector_of_floats, vector_of_npy
from emovec_db.errors import EmovecError, UserError

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
        return jsonify(search_document(_by_vector(collection(path.name), query)))
    if request.args:
        raise InvalidRequestError("expected options in the form or JSON body, got some in the address")
    if request.mimetype == "multipart/form-data":
        form = form_fields(SearchForm)
        return jsonify(search_document(_by_recording(collection(path.name), form)))
    body = json_body(SearchBody)
    return jsonify(search_document(_by_stored(collection(path.name), body)))


@searches.post(
    "/searches/batch",
    responses={200: BatchResult, **failures(404, 413, 415)},
    request_body=request_body(json=BatchBody),
)
def search_batch(path: CollectionPath) -> Response:
    """An answer, or what is wrong, for each of up to 100 queries that are asked the same."""
    body = json_body(BatchBody)
    searched = collection(path.name)
    queries = [_query(fields) for fields in body.queries]
    sound = [query for query in queries if not isinstance(query, EmovecError)]
    answers = iter(searched.similar_many(sound, **_options(body, body.filter)))
    outcomes = [query if isinstance(query, EmovecError) else next(answers) for query in queries]
    return jsonify(answers=[_outcome(outcome) for outcome in outcomes])


def _query(fields: dict[str, Any]) -> But | EmovecError:
    """One of a batch, or what is wrong with it."""
    try:
        body = checked(SoughtBody, fields)
        return But(_sought(body), body.unlike)
    except (UserError, InvalidRequestError) as error:
        return error


def _sought(body: SoughtBody) -> Query:
    if body.embedding is not None:
        return np.asarray(body.embedding, dtype=np.float32)
    if body.scores is not None:
        return body.scores
    like = body.like or ([] if body.utterance_id is None else [body.utterance_id])
    return Examples(like=tuple(like), recording_id=body.recording_id, customer=body.of_customer)


def _outcome(outcome: Answer | EmovecError) -> dict[str, Any]:
    if isinstance(outcome, EmovecError):
        error = {"code": outcome.code, "message": outcome.message, "detail": outcome.detail}
        return {"answer": None, "error": error}
    return {"answer": search_document(outcome), "error": None}


def _by_recording(searched: Collection, form: SearchForm) -> Answer:
    limits = upload_limits(context().settings)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        given = {"recording_role": form.recording_role, "recording_channel": form.recording_channel}
        given |= {"recording_customer": form.recording_customer, "recording_speaker": form.recording_speaker}
        return searched.similar(recording, limits=limits, **given, **_options(form, form))  # type: ignore[arg-type]


def _by_vector(searched: Collection, query: SearchQuery) -> Answer:
    content = request.get_data()
    is_npy = request.mimetype == NPY
    vector = vector_of_npy(content) if is_npy else vector_of_floats(content, searched.encoder().dim)
    return searched.similar_to_vector(vector, **_options(query, query))


def _by_stored(searched: Collection, body: SearchBody) -> Answer:
    options = _options(body, body.filter)
    if body.draft is not None:
        with context().encoder.place():
            return searched.drafts.similar(body.draft, start_s=body.start_s, end_s=body.end_s, **options)
    if body.embedding is not None:
        return searched.similar_to_vector(np.asarray(body.embedding, dtype=np.float32), **options)
    if body.scores is not None:
        return searched.similar_to_scores(body.scores, **options)
    if body.recording_id is not None:
        return searched.similar_to_recording(body.recording_id, **options)
    if body.of_customer is not None:
        return searched.similar_to_customer(body.of_customer, **options)
    return searched.similar_to_examples(body.like or [body.utterance_id or 0], **options)


def _options(fields: SearchFields, filter_: JsonFilter | TextFilter) -> dict[str, Any]:
    return {
        "k": fields.k,
        "space": fields.space,
        "unlike": fields.unlike,
        "min_similarity": fields.min_similarity,
        "exclude_same": fields.exclude_same,
        "per_customer": fields.per_customer,
        "per_recording": fields.per_recording,
        "cursor": fields.cursor,
        "group_by": fields.group_by,
        "per_group": fields.per_group,
        "diversify": fields.diversify,
        "exact": fields.exact,
        **conditions(filter_),
    }
