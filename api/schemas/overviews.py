"""Shapes of answers about a collection as a whole: its spaces, counts, and courses of emotion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emovec_db.api.schemas.heard import Answer


class FacetValue(Answer):
    """How much there is of one value."""

    value: str | None
    utterances: int
    recordings: int


class Counts(Answer):
    """How much there is, and of what."""

    utterances: int
    recordings: int = Field(description="that have at least one of the utterances")
    facets: dict[str, list[FacetValue]]


class IndexState(Answer):
    """A published index."""

    kind: Literal["exact", "layered", "hnsw"]
    recall: float | None = Field(description="recall@10 as measured when it was built; null: not measured")
    size: int
    seq: int = Field(description="position in the change log")


class Space(Answer):
    """A meaning of similar; what it was learned from, where it is learned."""

    space: str
    version: int
    fitted_at: str | None
    utterances: int | None = Field(description="how many it was learned from")
    annotated: int | None = Field(description="of them, those whose recordings people had labelled")
    people: int | None = Field(description="how many speakers or customers it knows")
    index: IndexState | None = Field(default=None, description="the snapshot that is published on this machine")


class Spaces(Answer):
    """All that a collection can be searched in."""

    default: str = Field(description="where a search names none")
    spaces: list[Space]


class PlacedPart(Answer):
    """A stretch of a recording: a part of the pattern, or a label of its course."""

    part: str
    start_s: float
    end_s: float
    score: float = Field(description="mean of the scores of its labels, 0..1; pauses don't count")


class Followed(Answer):
    """A recording found by the course of its emotion."""

    recording_id: int
    uri: str | None
    channel: str
    customer: str | None
    recorded_at: str | None
    duration_s: float
    parts: list[PlacedPart]


class TrajectoryMatch(Followed):
    """A recording in which the pattern holds, and where it does so most clearly."""

    clarity: float = Field(description="how clearly the pattern holds where it does so most clearly, 0..1")


class CourseMatch(Followed):
    """A recording that runs like the one that was given; parts are its own course in labels."""

    similarity: float = Field(description="1 less the distance of the courses, 0..1")


class TrajectoryResult(Answer):
    """By a pattern: the pattern and the clearest first; by a recording: its course and the most similar first."""

    pattern: str | None = None
    course: list[PlacedPart] | None = None
    matches: list[TrajectoryMatch] | list[CourseMatch]
