"""Fields of multipart forms and JSON bodies."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

from flask import request
from flask_openapi.models.file import FileStorage
from pydantic import BaseModel

from emovec_db.api.errors import InvalidRequestError
from emovec_db.api.filters import checked, json_object, moment
from emovec_db.api.schemas.requests import UploadForm
from emovec_db.api.uploads import shown_name
from emovec_db.database import Collection
from emovec_db.domain.job import Job
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import MIX
from emovec_db.errors import QueryError

Form = TypeVar("Form", bound=BaseModel)


def form_fields(model: type[Form]) -> Form:
    """The request's form as a `model`; an empty text field counts as absent, as browsers send them.

    Raises:
        InvalidRequestError: a field is missing, unknown or out of range.
    """
    fields: dict[str, Any] = {}
    for name, texts in request.form.lists():
        given = [text for text in texts if text != ""]
        if given:
            fields[name] = given if _takes_several(model, name) else given[0]
    for name in fields:
        if _takes_files(model, name):
            raise InvalidRequestError(f"{name}: expected a file, got a text; with curl write {name}=@FILE")
    for name in request.files:
        sent = request.files.getlist(name)
        fields[name] = sent if _takes_several(model, name) else sent[0]
    return checked(model, fields)


def json_body(model: type[Form]) -> Form:
    """The request's JSON body as a `model`.

    Raises:
        InvalidRequestError: a field is missing, unknown or out of range.
        BadRequest, UnsupportedMediaType: the body is no JSON, or does not say that it is.
    """
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidRequestError(f"expected a JSON object, got {type(body).__name__}")
    return checked(model, body)


def _takes_files(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and FileStorage in {field.annotation, *get_args(field.annotation)}


def _takes_several(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) is list


def details_of(form: UploadForm) -> Details:
    """What people know of the recordings. Raises QueryError, InvalidRequestError."""
    return Details(
        customer=form.customer,
        speaker=form.speaker,
        role=form.role,
        recorded_at=moment(form.recorded_at) if form.recorded_at else None,
        metadata=json_object(form.metadata, "metadata") if form.metadata else {},
    )


def roles_of(form: UploadForm) -> dict[str, str]:
    """``left=agent,right=customer`` by channel. Raises QueryError."""
    roles = {}
    for pair in filter(None, (form.roles or "").split(",")):
        channel, equals, role = (part.strip() for part in pair.partition("="))
        if not (channel and equals and role):
            raise QueryError(f"roles {form.roles!r}: expected channel=role pairs such as left=agent,right=customer")
        roles[channel] = role
    return roles


def channels_of(form: UploadForm) -> tuple[str, ...]:
    """The channels to keep; those with roles where none are named, else the mono mix."""
    named = tuple(part.strip() for part in (form.channels or "").split(",") if part.strip())
    return named or tuple(roles_of(form)) or (MIX,)


def queue_uploads(target: Collection, form: UploadForm) -> list[Job]:
    """Keep each file of the form and queue it for a worker. Raises as `Collection.upload`, `details_of`, `roles_of`."""
    details, channels, roles = details_of(form), channels_of(form), roles_of(form) or None
    return [
        target.upload(
            file.stream,  # type: ignore[arg-type]
            shown_name(file),
            details=details,
            channels=channels,
            roles=roles,
            allow_again=form.allow_again,
        )
        for file in form.recording
    ]
