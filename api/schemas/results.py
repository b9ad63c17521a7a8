"""Shapes of what scripts for the known demo pages send and get."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_openapi.models.file import FileStorage
from pydantic import BaseModel, Field

from emovec_db.api.filters import Label
from emovec_db.api.schemas.heard import Answer, Frames, Scores
from emovec_db.api.schemas.requests import Said


class ResultFields(Said):
    """What is to be heard, and how."""

    granularity: Literal["utterance", "frame"] = "utterance"
    extract_embedding: bool = False


class ResultForm(ResultFields):
    """A recording to classify."""

    audio: FileStorage


class ResultBody(ResultFields):
    """A recording of the server's own to classify."""

    audio_path: Annotated[str, Field(min_length=1, max_length=4096)] = Field(
        description="below EMOVEC_AUDIO_ROOT, relative to it or in full"
    )


class Result(Answer):
    """As `result.json` has it."""

    emotion: Label
    confidence: float
    scores: Scores
    granularity: Literal["utterance", "frame"]
    timestamp: str
    encoder: str
    frames: Frames | None = None


class ResultWithEmbedding(Result):
    """With `extract_embedding`, the embedding too."""

    embedding: list[float] | None = Field(default=None, description="the same float32 numbers as embedding.npy")


#: request bodies that the OpenAPI document refers to
BODIES: tuple[type[BaseModel], ...] = (ResultForm, ResultBody)
