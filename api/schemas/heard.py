"""What answers say of sound: quality, scores, utterances, voices, and what is left out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from emovec_db.api.filters import Label


class Answer(BaseModel):
    """An answer has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Scores(Answer):
    """Probability of each of the nine labels; they sum to 1."""

    angry: float
    disgusted: float
    fearful: float
    happy: float
    neutral: float
    other: float
    sad: float
    surprised: float
    unknown: float


class Quality(Answer):
    """What can be said of the sound itself."""

    duration_s: float
    peak: float
    clipping_ratio: float
    snr_db: float | None
    silence_ratio: float
    sample_rate_hz: int
    codec: str
    channels: int
    warnings: list[str]


class Frames(Answer):
    """Scores over time: one list of nine per frame, in the order of the labels."""

    hz: float
    scores: list[list[float]]


class LeftOut(Answer):
    """How much of a recording is in no utterance; with the utterances it makes up the recording."""

    silence_s: float
    other_sound_s: float = Field(description="ring tone, hold music, noise: no speech was heard in it")
    fragments_s: float = Field(description="words of one voice between those of others, too short to be an utterance")
    overlap_s: float = Field(description="several voices at once")


class Overlap(Answer):
    """Where several voices speak at once; it is in no utterance."""

    start_s: float
    end_s: float


class Moment(Answer):
    """An utterance in which a label is strong."""

    start_s: float
    end_s: float
    confidence: float


class Heard(Moment):
    """A segment that was encoded, and is not stored."""

    voice: str | None = Field(description="A, B … where voices are told apart; nobody's name")
    label: Label
    scores: Scores


class Voice(Answer):
    """One voice's utterances together; label and scores are their duration-weighted mean."""

    voice: str
    heard_s: float = Field(description="duration of its utterances")
    label: Label
    confidence: float
    scores: Scores
    time_shares: Scores
    strongest: dict[Label, list[Moment]]
