"""Stored recordings: upload, list, show, hear, delete."""

from __future__ import annotations

from flask import Response, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.filters import conditions
from emovec_db.api.forms import form_fields, queue_uploads
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Deletion, Recording, RecordingPage, Track, Waveform
from emovec_db.api.schemas.jobs import Job
from emovec_db.api.schemas.requests import (
    CollectionPath,
    RecordingPath,
    RecordingsQuery,
    TrackQuery,
    UploadForm,
    UploadQuery,
)
from emovec_db.api.sounds import AUDIO, sound_response
from emovec_db.api.uploads import plain_suffix
from emovec_db.api.waiting import finished, upload_status
from emovec_db.documents import (
    deletion_document,
    job_document,
    page_document,
    recording_document,
    track_document,
    waveform_document,
)

recordings = APIBlueprint(
    "recordings",
    __name__,
    url_prefix="/v1/collections/<name>/recordings",
    abp_tags=[Tag(name="recordings", description="Stored recordings")],
    abp_security=SECURITY,
)


@recordings.post(
    "",
    responses={200: Job, 201: Job, 202: Job, **failures(400, 403, 409, 413)},
    request_body=request_body(form=UploadForm),
)
def upload(path: CollectionPath, query: UploadQuery) -> tuple[Response, int, dict[str, str]]:
    """Store recordings in the background: 202 and the job, or wait for it: 201 where something new was stored.

    One file answers its job; several answer `{items, next_cursor}` with one job each.
    """
    form = form_fields(UploadForm)
    queued = queue_uploads(collection(path.name), form)
    settled = finished(queued, query.wait)
    documents = [job_document(job, items) for job, items in settled]
    status = upload_status([job for job, _ in settled])
    if len(documents) > 1:
        return jsonify(items=documents, next_cursor=None), status, {"Location": url_for("jobs.list_jobs")}
    return jsonify(documents[0]), status, {"Location": url_for("jobs.show_job", job_id=queued[0].job_id)}


@recordings.get("", responses={200: RecordingPage, **failures(400, 404)})
def list_recordings(path: CollectionPath, query: RecordingsQuery) -> Response:
    """Recordings that the filter lets through, page by page, those stored last first or as sorted."""
    stored = collection(path.name)
    page = stored.recordings(cursor=query.cursor, limit=query.limit, sort=query.sort, **conditions(query))
    return jsonify(page_document(page, recording_document))


@recordings.get("/<id:recording_id>", responses={200: Recording, **failures(404)})
def show_recording(path: RecordingPath) -> Response:
    """One recording with its utterances, and which other channels of its file are stored."""
    stored = collection(path.name)
    recording, utterances = stored.recording(path.recording_id), stored.utterances(path.recording_id)
    return jsonify(recording_document(recording, utterances, stored.siblings(path.recording_id)))


@recordings.delete("/<id:recording_id>", responses={200: Deletion, **failures(404)})
def delete_recording(path: RecordingPath) -> Response:
    """Delete a recording: rows, index entries, stored file."""
    return jsonify(deletion_document(collection(path.name).delete(path.recording_id)))


@recordings.get("/<id:recording_id>/track", responses={200: Track, **failures(404)})
def track(path: RecordingPath, query: TrackQuery) -> Response:
    """The course of the nine scores over a recording, two steps a second or as many as `max_steps` leaves."""
    stored = collection(path.name).track(path.recording_id)
    return jsonify(track_document(stored if query.max_steps is None else stored.coarser(query.max_steps)))


@recordings.get("/<id:recording_id>/waveform", responses={200: Waveform, **failures(403, 404)})
def waveform(path: RecordingPath) -> Response:
    """What the recording's waveform is drawn from: peaks of its sound, as quick for hours as for seconds."""
    return jsonify(waveform_document(collection(path.name).waveform(path.recording_id)))


@recordings.get("/<id:recording_id>/audio", responses={200: AUDIO, 206: AUDIO, **failures(403, 404)})
def audio(path: RecordingPath) -> Response:
    """The recording's sound; range requests are answered with the range."""
    sound = collection(path.name).audio(path.recording_id)
    name = f"recording-{path.recording_id}{plain_suffix(sound.path.name)}"
    return sound_response(sound.path, sound.media_type, name)
