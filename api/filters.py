"""Filters and times as they come in queries, forms and JSON bodies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from emovec_db.api.context import context
from emovec_db.api.errors import InvalidRequestError, invalid_request
from emovec_db.domain.condition_text import MAX_LENGTH, parse_condition
from emovec_db.domain.path_pattern import parse_time
from emovec_db.domain.query import FilterFields
from emovec_db.emotions import LABELS

Model = TypeVar("Model", bound=BaseModel)


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    return text


#: PostgreSQL's text can't hold NUL
Text = Annotated[str, Field(max_length=1000), AfterValidator(_no_nul)]
#: as long as an address may be
LongText = Annotated[str, Field(max_length=4000), AfterValidator(_no_nul)]
Label = Literal[*LABELS]  # type: ignore[valid-type]
Space = Literal["embedding", "scores", "embedding-scores", "emotion"]


class Strict(BaseModel):
    """Unknown fields are mistakes worth telling."""

    model_config = ConfigDict(extra="forbid")


class Conditions(Strict):
    """Conditions on recordings and utterances; all that are given must hold."""

    customer: Text | None = None
    speaker: Text | None = None
    role: Text | None = None
    label: Label | None = None
    since: Text | None = Field(default=None, description="ISO 8601, recorded at or after; without a zone the server's")
    until: Text | None = Field(default=None, description="ISO 8601, recorded before")
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    min_duration_s: float | None = Field(default=None, ge=0)
    max_duration_s: float | None = Field(default=None, ge=0)
    where: Annotated[str, Field(max_length=MAX_LENGTH), AfterValidator(_no_nul)] | None = Field(
        default=None, description="a condition, for example: angry >= 0.6 and not role = agent"
    )


class JsonFilter(Conditions):
    """A filter in a JSON body."""

    metadata: dict[Text, Text] | None = Field(default=None, description="metadata fields that must equal these texts")


class TextFilter(Conditions):
    """A filter in a query or form."""

    metadata: Text | None = Field(default=None, description='JSON object of texts, for example {"campaign": "spring"}')


def conditions(fields: JsonFilter | TextFilter) -> FilterFields:
    """Keyword arguments for the facade: only conditions that were given, times as UTC."""
    given = fields.model_dump(include=set(JsonFilter.model_fields), exclude_none=True)
    for name in ("since", "until"):
        if name in given:
            given[name] = moment(given[name])
    if "where" in given:
        given["where"] = parse_condition(given["where"], context().settings.zone)
    if isinstance(given.get("metadata"), str):
        given["metadata"] = _texts(given["metadata"])
    return cast("FilterFields", given)


def moment(text: str) -> datetime:
    """ISO 8601 as UTC; the server's zone where none is named. Raises QueryError."""
    return parse_time(text, context().settings.zone)


def json_object(text: str, field: str) -> dict[str, Any]:
    """A JSON object sent as text. Raises InvalidRequestError."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        message = 'expected a JSON object such as {"campaign": "spring"}'
        raise InvalidRequestError(f"{field}: {message}", errors=[{"field": field, "message": message}])
    return value


def checked(model: type[Model], fields: dict[str, Any]) -> Model:
    """`fields` as a `model`. Raises InvalidRequestError."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error) from error


def _texts(text: str) -> dict[str, str]:
    return checked(JsonFilter, {"metadata": json_object(text, "metadata")}).metadata or {}
