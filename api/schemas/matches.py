"""Shapes of what searches and comparisons answer."""

from __future__ import annotations

from pydantic import Field

from emovec_db.api.filters import Label
from emovec_db.api.schemas.answers import Error
from emovec_db.api.schemas.heard import Answer, Scores


class Same(Answer):
    """Whether it is that of the query; null where that is not known of one of them."""

    recording: bool | None
    customer: bool | None
    speaker: bool | None


class Match(Answer):
    """One result of a search."""

    utterance_id: int
    recording_id: int
    uri: str
    customer: str | None
    start_s: float
    end_s: float
    voice: str | None
    label: Label
    scores: Scores
    similarity: float = Field(description="-1..1, higher is nearer; exact")
    differences: dict[Label, float] | None = Field(
        None, description="of searches: the match's scores less the query's, at most three, the greatest first"
    )
    same: Same | None = Field(None, description="of searches: what it shares with the query")


class MatchGroup(Answer):
    """The matches of one customer or recording, nearest first."""

    customer: str | None
    recording_id: int | None = Field(description="of groups by recording, and where there is no customer")
    similarity: float = Field(description="of its nearest match")
    matches: list[Match]


class SearchResult(Answer):
    """Matches, nearest first; by customer or recording where that was asked for."""

    space: str
    query_scores: Scores | None = Field(description="of what was searched for; null of an embedding")
    matches: list[Match] = Field(description="none where they are in groups")
    next_cursor: str | None = Field(description="goes into cursor for what comes next; null: that was all")
    groups: list[MatchGroup] | None = Field(None, description="where `group_by` was given")


class Outcome(Answer):
    """Of one query: an answer, or what is wrong with it; the other is null."""

    answer: SearchResult | None
    error: Error | None


class BatchResult(Answer):
    """In the order of the queries."""

    answers: list[Outcome]


class Similarity(Answer):
    """How near two recordings are."""

    space: str
    similarity: float
