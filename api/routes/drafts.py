"""Drafts: recordings that are classified and kept for an hour, in no collection."""

from __future__ import annotations

import io

import numpy as np
from flask import Response, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.filters import moment
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Waveform
from emovec_db.api.schemas.drafts import (
    Draft,
    DraftForm,
    DraftPath,
    DraftRecordingBody,
    Forgotten,
    Stretch,
    StretchBody,
)
from emovec_db.api.schemas.jobs import Job
from emovec_db.api.schemas.requests import CollectionPath, UploadQuery
from emovec_db.api.schemas.results import Result
from emovec_db.api.sounds import AUDIO, sound_response
from emovec_db.api.uploads import NPY, on_disk, shown_name, upload_limits
from emovec_db.api.waiting import finished, upload_status
from emovec_db.documents import draft_document, job_document, result_document, stretch_document, waveform_document
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.recording import Details

drafts = APIBlueprint(
    "drafts",
    __name__,
    url_prefix="/v1/collections/<name>/drafts",
    abp_tags=[Tag(name="drafts", description="Recordings that are classified and kept for an hour, in no collection")],
    abp_security=SECURITY,
)
_NPY = {"content": {NPY: {"schema": {"type": "string", "format": "binary"}}}}


@drafts.post("", responses={201: Draft, **failures(403, 413, 503)}, request_body=request_body(form=DraftForm))
def make(path: CollectionPath) -> tuple[Response, int, dict[str, str]]:
    """Classify a recording, as predictions do, and keep it for an hour under an address that nobody can guess."""
    form = form_fields(DraftForm)
    with on_disk(form.recording) as (recording,), context().encoder.place():
        draft = collection(path.name).drafts.make(
            recording,
            file_name=shown_name(form.recording),
            frames=form.granularity == "frame",
            role=form.role,
            channel=form.channel,
            limits=upload_limits(context().settings),
        )
    return jsonify(draft_document(draft)), 201, {"Location": url_for("drafts.show", name=path.name, token=draft.token)}


@drafts.get("/<token>", responses={200: Draft, **failures(403, 404)})
def show(path: DraftPath) -> Response:
    """What was heard in a draft, and the steps that led to it."""
    return jsonify(draft_document(collection(path.name).drafts.get(path.token)))


@drafts.delete("/<token>", responses={200: Forgotten, **failures(404)})
def forget(path: DraftPath) -> Response:
    """Take a draft away before its hour is over."""
    collection(path.name).drafts.forget(path.token)
    return jsonify(forgotten=path.token)


@drafts.get("/<token>/waveform", responses={200: Waveform, **failures(403, 404)})
def waveform(path: DraftPath) -> Response:
    """What the draft's waveform is drawn from: peaks of its sound, as it came."""
    return jsonify(waveform_document(Peaks.of(collection(path.name).drafts.get(path.token).sound.waveform)))


@drafts.get("/<token>/audio", responses={200: AUDIO, 206: AUDIO, **failures(403, 404)})
def audio(path: DraftPath) -> Response:
    """What the encoder heard: WAV, mono, 16 kHz; range requests are answered with the range."""
    return sound_response(collection(path.name).drafts.audio(path.token), "audio/wav", "processed.wav")


@drafts.get("/<token>/result.json", responses={200: Result, **failures(403, 404)})
def result(path: DraftPath) -> Response:
    """The same as the `result.json` of `emovec classify --out`, to be saved; of all frames."""
    draft = collection(path.name).drafts.get(path.token)
    response = jsonify(result_document(draft.heard, draft.granularity, draft.created_at))
    return _to_be_saved(response, "result.json")


@drafts.get("/<token>/embedding.npy", responses={200: _NPY, **failures(403, 404)})
def embedding(path: DraftPath) -> Response:
    """The draft's embedding, float32, to be saved."""
    file = io.BytesIO()
    np.save(file, collection(path.name).drafts.get(path.token).heard.embedding.astype("<f4"))
    return _to_be_saved(Response(file.getvalue(), mimetype=NPY), "embedding.npy")


@drafts.post(
    "/<token>/selections",
    responses={200: Stretch, **failures(400, 403, 404, 503)},
    request_body=request_body(json=StretchBody),
)
def select(path: DraftPath) -> Response:
    """Classify a stretch of a draft; nothing more is kept."""
    body = json_body(StretchBody)
    held = collection(path.name).drafts
    with context().encoder.place():
        heard = held.classify(path.token, body.start_s, body.end_s, frames=body.granularity == "frame")
    return jsonify(stretch_document(held.get(path.token), heard, body.granularity, body.start_s, body.end_s))


@drafts.post(
    "/<token>/recordings",
    responses={200: Job, 201: Job, 202: Job, **failures(400, 403, 404, 409)},
    request_body=request_body(json=DraftRecordingBody),
)
def store(path: DraftPath, query: UploadQuery) -> tuple[Response, int, dict[str, str]]:
    """Store a draft in its collection, as an upload of its file would; the draft stays until its hour is over."""
    body = json_body(DraftRecordingBody)
    details = Details(
        customer=body.customer,
        speaker=body.speaker,
        role=body.role,
        recorded_at=moment(body.recorded_at) if body.recorded_at else None,
        metadata=body.metadata,
    )
    queued = collection(path.name).drafts.upload(path.token, details=details, allow_again=body.allow_again)
    ((job, items),) = finished([queued], query.wait)
    location = url_for("jobs.show_job", job_id=queued.job_id)
    return jsonify(job_document(job, items)), upload_status([job]), {"Location": location}


def _to_be_saved(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
