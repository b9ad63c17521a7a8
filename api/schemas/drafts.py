"""Shapes of requests and answers about drafts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from emovec_db.api.filters import Label, Strict, Text
from emovec_db.api.schemas.answers import Classification
from emovec_db.api.schemas.heard import Answer, Frames
from emovec_db.api.schemas.requests import CollectionPath, Moment, PredictionForm, Role


class DraftPath(CollectionPath):
    """One draft of a collection."""

    token: Text


class DraftForm(PredictionForm):
    """A recording to classify and to keep for an hour."""


class StretchBody(Strict):
    """A stretch of a draft."""

    start_s: Moment
    end_s: Moment
    granularity: Literal["utterance", "frame"] = "utterance"


class DraftRecordingBody(Strict):
    """What people know of a draft that is to be stored."""

    customer: Text | None = None
    speaker: Text | None = None
    role: Role | None = Field(default=None, description="left out: the draft's")
    recorded_at: Text | None = Field(default=None, description="ISO 8601; without a zone the server's")
    metadata: dict[Annotated[str, Field(max_length=1000)], Any] = Field(default={})
    allow_again: bool = Field(default=False, description="store it even if it was deleted before")


class ThinnedFrames(Frames):
    """Scores over time, of at most 3,000 moments: where the encoder gave more, means of some frames each."""

    mean_of: int = Field(description="frames of the encoder in each entry; hz counts entries")


class ReceiveStep(Answer):
    """The file came."""

    step: Literal["receive"]
    size_bytes: int


class DecodeStep(Answer):
    """It was decoded to one channel."""

    step: Literal["decode"]
    codec: str
    from_rate_hz: int
    channels: int = Field(description="of the file")
    channel: str
    rate_hz: int
    duration_s: float
    took_ms: float


class CheckStep(Answer):
    """Its sound was measured."""

    step: Literal["check"]
    peak: float
    snr_db: float | None
    silence_ratio: float
    warnings: list[str]


class CleanStep(Answer):
    """It was cleaned, where the collection's recipe says so."""

    step: Literal["clean"]
    treatments: list[str]


class CutStep(Answer):
    """It was cut into utterances."""

    step: Literal["cut"]
    utterances: int
    heard_s: float = Field(description="duration of the utterances")
    left_out_s: float


class EncodeStep(Answer):
    """The encoder heard it."""

    step: Literal["encode"]
    encoder: str
    frames: int = Field(description="of which there are scores; 0 where they were not asked for")
    took_ms: float = Field(description="with cleaning and cutting")


class LabelStep(Answer):
    """What came of it."""

    step: Literal["label"]
    label: Label
    confidence: float


Step = Annotated[
    ReceiveStep | DecodeStep | CheckStep | CleanStep | CutStep | EncodeStep | LabelStep, Field(discriminator="step")
]


class Draft(Classification):
    """A recording that was classified and is kept for an hour."""

    frames: ThinnedFrames | None = None
    token: str = Field(description="part of its address; whoever knows it may hear the recording")
    role: str | None
    channel: str
    created_at: str
    expires_at: str
    steps: list[Step] = Field(description="what was done to it, in order")


class Stretch(Classification):
    """An encoder's word on a stretch of a draft; all times in it count from its start."""

    frames: ThinnedFrames | None = None
    start_s: float
    end_s: float


class Forgotten(Answer):
    """A draft is gone."""

    forgotten: str


#: request bodies that the OpenAPI document refers to
BODIES: tuple[type[BaseModel], ...] = (DraftForm, StretchBody, DraftRecordingBody)
