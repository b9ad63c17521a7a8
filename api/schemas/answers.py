"""Shapes of answers; the tests hold every answer of every address against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from emovec_db.api.filters import Label
from emovec_db.api.schemas.heard import Answer, Frames, Heard, LeftOut, Moment, Overlap, Quality, Scores, Voice


class Error(Answer):
    """Every failure, whatever the address."""

    code: str = Field(description="stable, for programs, for example not_found or too_long")
    message: str = Field(description="for people: what came, what was expected, what to do")
    detail: dict[str, Any]


class Classification(Answer):
    """An encoder's word on a recording that is not stored."""

    file: str
    label: Label
    confidence: float
    scores: Scores
    granularity: Literal["utterance", "frame"]
    encoder: str
    notice: str | None
    warnings: list[str]
    quality: Quality
    utterances: list[Heard]
    time_shares: Scores = Field(description="share of the utterances' time in which each label is the top one")
    strongest: dict[Label, list[Moment]] = Field(description="by label, the utterances of greatest confidence")
    left_out: LeftOut
    voices: list[Voice] = Field(description="each voice's own summary; none where voices aren't told apart")
    overlaps: list[Overlap]
    frames: Frames | None = None


class Provenance(Answer):
    """Where an utterance's numbers came from."""

    encoder: str
    revision: str
    weights_sha256: str
    precision: str
    backend: str
    decode_chain: str


class Utterance(Answer):
    """A segment that was encoded, with what belongs to its recording."""

    utterance_id: int
    recording_id: int
    uri: str
    channel: str
    customer: str | None
    speaker: str | None
    role: str | None
    recorded_at: str | None
    start_s: float
    end_s: float
    voice: str | None = Field(description="A, B … where voices are told apart; nobody's name")
    label: Label
    confidence: float
    scores: Scores
    provenance: Provenance


class Sibling(Answer):
    """Another channel of the same file."""

    recording_id: int
    channel: str
    role: str | None


class Recording(Answer):
    """A stored recording; label and scores are the duration-weighted mean over its utterances."""

    recording_id: int
    uri: str | None
    uris: list[str]
    channel: str
    customer: str | None
    speaker: str | None
    role: str | None
    recorded_at: str | None
    metadata: dict[str, Any]
    label: Label
    confidence: float
    scores: Scores
    left_out: LeftOut
    quality: Quality
    sha256: str
    created_at: str
    utterances: list[Utterance] | None = None
    siblings: list[Sibling] | None = None
    time_shares: Scores | None = Field(
        None, description="share of the utterances' time in which each label is the top one"
    )
    strongest: dict[Label, list[Moment]] | None = Field(
        None, description="by label, the utterances of greatest confidence"
    )
    voices: list[Voice] | None = Field(
        None, description="each voice's own summary; none where voices aren't told apart"
    )
    overlaps: list[Overlap] | None = None


class Track(Answer):
    """Mean scores of each step, nine in the order of the labels; null where nothing was encoded, as in pauses."""

    hz: float = Field(description="steps per second; the last step is what remains")
    scores: list[list[float] | None]


class Waveform(Answer):
    """What a waveform is drawn from: the sound's greatest absolute sample in each of equal bins, at most 2,000."""

    duration_s: float
    peaks: list[int] = Field(description="0..255, where 255 is full scale")


class RecordingPage(Answer):
    """Some recordings and the cursor of the next."""

    items: list[Recording]
    next_cursor: str | None


class Deletion(Answer):
    """How many of each are gone."""

    recordings: int
    utterances: int
    blobs: int


class Cluster(Answer):
    """One group."""

    cluster: int
    name: str | None = Field(description="what people call it")
    size: int
    labels: dict[str, float]
    central: list[Utterance]


class Clustering(Answer):
    """One stored K-Means run."""

    clustering_id: int
    k: int
    seed: int
    space: str
    filter: dict[str, Any]
    utterances: int
    inertia: float
    silhouette: float | None
    created_at: str
    clusters: list[Cluster]


class ClusteringPage(Answer):
    """Some K-Means runs and the cursor of the next."""

    items: list[Clustering]
    next_cursor: str | None


class Collection(Answer):
    """A collection and how much is in it."""

    name: str
    generation: int = Field(description="the one that it serves from; another one, another encoder or segmentation")
    encoder: str
    dim: int
    segmentation: str
    cleaning: list[str]
    diarization: str | None = Field(description="who tells voices apart; null: each recording is taken for one voice")
    voices: int | None = Field(description="how many voices each recording has, where that was told")
    recordings: int
    utterances: int
    customers: int
    failures: int
    refusals: int
    suppressions: int = Field(description="recordings that were deleted and stay out")
    forbidden_roles: list[str]
    duration_s: float
    created_at: str


class CollectionPage(Answer):
    """All collections."""

    items: list[Collection]
    next_cursor: str | None


class PolicyChange(Answer):
    """A role was forbidden, or allowed again."""

    role: str
    forbidden: bool
    reason: str
    by: str
    deleted: int = Field(description="recordings that were deleted because of it")
    changed_at: str


class Policy(Answer):
    """Which roles a collection forbids, how many recordings that keeps out, and the log."""

    forbidden_roles: list[str]
    refused: int
    changes: list[PolicyChange]


class Refusal(Answer):
    """A recording that the policy keeps out."""

    uri: str
    channel: str
    role: str | None
    reason: str
    refused_at: str


class RefusalPage(Answer):
    """Some refusals and the cursor of the next."""

    items: list[Refusal]
    next_cursor: str | None


class EncoderInUse(Answer):
    """The encoder that new collections get."""

    encoder: str
    notice: str | None


class Health(Answer):
    """The process lives."""

    status: Literal["ok"]


class Readiness(Answer):
    """Whether work can be done; by part what is missing."""

    status: Literal["ready", "not ready"]
    problems: dict[str, str]
