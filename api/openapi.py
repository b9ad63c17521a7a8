"""What the OpenAPI document needs beyond what the handlers' signatures say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_openapi.models.schema import Schema
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel

from emovec_db.api.schemas import drafts, results
from emovec_db.api.schemas.answers import Error
from emovec_db.api.schemas.profiles import CustomerComparison
from emovec_db.api.schemas.requests import (
    BatchBody,
    ClusteringBody,
    ClusterNameBody,
    CourseForm,
    PredictionForm,
    SearchBody,
    SearchForm,
    SelectionBody,
    SimilarityForm,
    TrajectoryBody,
    UploadForm,
)

TITLE = "emovec-db"
DESCRIPTION = "Embedding database and similarity search for emotion in speech."
#: 3.1 rather than the library's default 3.2: more readers know it
OPENAPI_VERSION = "3.1.0"
_REF = "#/components/schemas/"
#: of requests, and of answers that can be tables instead
_BODIES: tuple[type[BaseModel], ...] = (
    PredictionForm,
    UploadForm,
    SimilarityForm,
    SearchForm,
    SearchBody,
    BatchBody,
    CourseForm,
    TrajectoryBody,
    ClusteringBody,
    *drafts.BODIES,
    *results.BODIES,
    ClusterNameBody,
    SelectionBody,
    CustomerComparison,
)
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": "emovec_session"},
}
#: any of the three; none on loopback without a key
SECURITY: list[dict[str, list[str]]] = [{}, {"bearer": []}, {"key": []}, {"session": []}]


def failures(*statuses: int) -> dict[Any, Any]:
    """The answers that go wrong, all of one shape."""
    return dict.fromkeys((*statuses, 422), Error)


def request_body(
    *, form: type[BaseModel] | None = None, json: type[BaseModel] | None = None, raw: Sequence[str] = ()
) -> dict[str, Any]:
    """A body that comes as multipart, as JSON, as bytes of these types, or as any of them."""
    content: dict[str, Any] = {}
    if json is not None:
        content["application/json"] = {"schema": {"$ref": _REF + json.__name__}}
    if form is not None:
        content["multipart/form-data"] = {"schema": {"$ref": _REF + form.__name__}}
    for mimetype in raw:
        content[mimetype] = {"schema": {"type": "string", "format": "binary"}}
    return {"content": content, "required": True}


def describe_bodies(app: OpenAPI) -> None:
    """Put the bodies that are referred to by name into the document."""
    for model in _BODIES:
        schema = model.model_json_schema(ref_template=_REF + "{model}")
        for name, definition in schema.pop("$defs", {}).items():
            app.components_schemas[name] = Schema(**definition)
        app.components_schemas[model.__name__] = Schema(**schema)
