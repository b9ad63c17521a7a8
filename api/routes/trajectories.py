"""Recordings by the course of their emotion."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.filters import JsonFilter, TextFilter, conditions
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.overviews import TrajectoryResult
from emovec_db.api.schemas.requests import CollectionPath, CourseFields, CourseForm, TrajectoryBody
from emovec_db.api.uploads import on_disk, upload_limits
from emovec_db.database import Collection
from emovec_db.documents import Document, similar_courses_document, trajectories_document
from emovec_db.domain.trajectory import SimilarCourses

trajectories = APIBlueprint(
    "trajectories",
    __name__,
    url_prefix="/v1/collections/<name>",
    abp_tags=[Tag(name="trajectories", description="Recordings by the course of their emotion")],
    abp_security=SECURITY,
)


@trajectories.post(
    "/trajectories",
    responses={200: TrajectoryResult, **failures(400, 403, 404, 413, 415, 503)},
    request_body=request_body(form=CourseForm, json=TrajectoryBody),
)
def follow(path: CollectionPath) -> Response:
    """Recordings in which a pattern holds or that run like a stored one (JSON), or like a recording (multipart)."""
    if request.mimetype == "multipart/form-data":
        alike = _by_recording(collection(path.name), form_fields(CourseForm))
        return jsonify(similar_courses_document(alike))
    return jsonify(_by_stored(collection(path.name), json_body(TrajectoryBody)))


def _by_recording(searched: Collection, form: CourseForm) -> SimilarCourses:
    limits = upload_limits(context().settings)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        given = {"recording_role": form.recording_role, "recording_channel": form.recording_channel}
        return searched.similar_courses(recording, limits=limits, **given, **_options(form, form))  # type: ignore[arg-type]


def _by_stored(searched: Collection, body: TrajectoryBody) -> Document:
    with context().trajectories.place():
        return _found(searched, body, _options(body, body.filter))


def _found(searched: Collection, body: TrajectoryBody, options: dict[str, Any]) -> Document:
    if body.recording_id is not None:
        return similar_courses_document(searched.similar_courses_by_id(body.recording_id, **options))
    if body.min_clarity is not None:
        options["min_clarity"] = body.min_clarity
    pattern = body.pattern or ""
    return trajectories_document(pattern, searched.trajectories(pattern, **options))


def _options(fields: CourseFields, filter_: JsonFilter | TextFilter) -> dict[str, Any]:
    stretch = {} if fields.stretch is None else {"stretch": fields.stretch}
    return {"k": fields.k, **stretch, **conditions(filter_)}
