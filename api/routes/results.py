"""What scripts for the known Emotion2Vec+ demo pages ask, answered as `result.json` has it.

By the default collection: its encoder hears, its policy holds.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.file import FileStorage
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.forms import form_fields, json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.results import ResultBody, ResultFields, ResultForm, ResultWithEmbedding
from emovec_db.api.uploads import on_disk, upload_limits
from emovec_db.database.database import DEFAULT_COLLECTION
from emovec_db.documents import result_document
from emovec_db.errors import OutsideError
from emovec_db.sources.rooted import opened_below

results = APIBlueprint(
    "results",
    __name__,
    abp_tags=[Tag(name="results", description="For scripts that were written for the known demo pages")],
    abp_security=SECURITY,
)


@results.post(
    "/predict",
    responses={200: ResultWithEmbedding, **failures(403, 413, 503)},
    request_body=request_body(form=ResultForm),
)
def predict() -> Response:
    """Classify the recording in `audio`; nothing is stored."""
    return _of_form()


@results.post(
    "/api/predict",
    responses={200: ResultWithEmbedding, **failures(403, 404, 413, 503)},
    request_body=request_body(form=ResultForm, json=ResultBody),
)
def predict_by_path() -> Response:
    """The same, or of a file that the server can read itself below EMOVEC_AUDIO_ROOT (JSON)."""
    if request.mimetype == "multipart/form-data":
        return _of_form()
    body = json_body(ResultBody)
    with _own_file(body.audio_path) as audio:
        return _answer(audio, body)


def _of_form() -> Response:
    form = form_fields(ResultForm)
    return _answer(form.audio, form)


def _answer(audio: FileStorage, fields: ResultFields) -> Response:
    with on_disk(audio) as (recording,), context().encoder.place():
        heard = collection(DEFAULT_COLLECTION).classify(
            recording,
            frames=fields.granularity == "frame",
            role=fields.role,
            channel=fields.channel,
            limits=upload_limits(context().settings),
        )
    now = datetime.now(UTC)
    return jsonify(result_document(heard, fields.granularity, now, embedding=fields.extract_embedding))


@contextmanager
def _own_file(named: str) -> Iterator[FileStorage]:
    """A copy, as if it had been sent: what was checked is what is heard, whatever is put in its place meanwhile.

    Raises:
        OutsideError: it is not below the operator's root, or there is no such root.
        NotFoundError, UnreadableError, TooLargeError: as `opened_below`.
    """
    settings = context().settings
    if settings.audio_root is None:
        raise OutsideError(
            "this server reads no files of its own, since EMOVEC_AUDIO_ROOT is not set: send the recording as `audio` "
            "(multipart/form-data)"
        )
    limit = upload_limits(settings).max_bytes
    with (
        opened_below(settings.audio_root, named, limit) as file,
        tempfile.NamedTemporaryFile(prefix="emovec-upload-") as copy,
    ):
        shutil.copyfileobj(file, copy)
        yield FileStorage(copy, PurePosixPath(named).name)
