"""Shapes of paths, queries, forms and JSON bodies."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from flask_openapi.models.file import FileStorage
from pydantic import Field, WithJsonSchema, model_validator

from emovec_db.api.filters import JsonFilter, Label, LongText, Space, Strict, Text, TextFilter
from emovec_db.domain.customers import CUSTOMER_SORTS
from emovec_db.domain.facets import FACETS
from emovec_db.domain.recording import ROLES
from emovec_db.domain.selection import MAX_SELECTED
from emovec_db.domain.similar import MAX_EXAMPLES, GroupBy, Same
from emovec_db.domain.sorting import SORTS
from emovec_db.domain.sound import MIX
from emovec_db.domain.space_map import MAP_METHODS, MAX_POINTS

#: the greatest id that both databases can hold
MAX_ID = 2**63 - 1
MAX_K = 1000
MAX_QUERIES = 100
MAX_DIM = 8192
MAX_PAGE = 500
#: what a search may be by, besides a recording that is sent
KINDS = ("utterance_id", "recording_id", "of_customer", "like", "scores", "embedding", "draft")

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Unlike = Annotated[
    list[Id],
    Field(max_length=MAX_EXAMPLES, description="utterances that matches should not be like; none of them is one"),
]
Similarity = Annotated[float, Field(ge=-1, le=1)]
Role = Literal[*ROLES]  # type: ignore[valid-type]
Facet = Literal[*FACETS]  # type: ignore[valid-type]
Sort = Literal[*SORTS]  # type: ignore[valid-type]
#: seconds into a recording
Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]
MapMethod = Literal[*MAP_METHODS]  # type: ignore[valid-type]
CustomerSort = Literal[*CUSTOMER_SORTS]  # type: ignore[valid-type]
Wait = Annotated[float, Field(ge=0, le=60)]


class CollectionPath(Strict):
    """A collection by name."""

    name: Text


class RecordingPath(CollectionPath):
    """One recording of a collection."""

    recording_id: Id


class TrackQuery(Strict):
    """How fine a track is wanted."""

    max_steps: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="so many steps at most, each the mean of as many stored ones"
    )


class ClusteringPath(CollectionPath):
    """One K-Means run of a collection."""

    clustering_id: Id


class ClusterPath(ClusteringPath):
    """One cluster of a K-Means run."""

    cluster: int = Field(ge=0, lt=MAX_K)


class UtterancePath(CollectionPath):
    """One utterance of a collection."""

    utterance_id: Id


class CustomerPath(CollectionPath):
    """One customer of a collection."""

    customer: Text


class JobPath(Strict):
    """One job."""

    job_id: Id


class PageQuery(Strict):
    """Which page of a list."""

    cursor: Text | None = Field(default=None, description="next_cursor of the page before")
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)


class JobsQuery(PageQuery):
    """Whose jobs, and which page of them."""

    collection: Text | None = Field(default=None, description="only jobs of this collection")


class ListenQuery(Strict):
    """Whose jobs are listened to."""

    collection: Text | None = Field(default=None, description="only jobs of this collection")


class JobFailuresQuery(PageQuery):
    """Which failures of a job, and which page of them."""

    code: Text | None = Field(default=None, description="only those of this kind, for example not_audio")


class RecordingsQuery(TextFilter, PageQuery):
    """Which recordings, in which order, and which page of them."""

    #: it holds what the recordings are sorted by
    cursor: LongText | None = Field(default=None, description="next_cursor of the page before, in the same order")
    sort: Sort | None = Field(
        default=None, description="- descends; those of which it isn't known come last; left out: stored last first"
    )


class CountQuery(TextFilter):
    """What is counted, and by what."""

    by: list[Facet] = Field(default=[], max_length=len(FACETS), description="may be given again")
    limit: int = Field(default=20, ge=1, le=MAX_PAGE, description="of each field at most so many values")


class UploadQuery(Strict):
    """How long to wait for the upload's job."""

    wait: Wait = Field(default=0, description="seconds to wait for the finished job; 0: answer 202 at once")


class CustomersQuery(PageQuery):
    """Which customers, in which order, and which page of them."""

    # it holds a customer's name
    cursor: Annotated[str, Field(max_length=10_000)] | None = Field(
        default=None, description="next_cursor of the page before"
    )
    sort: CustomerSort = Field(default="name", description="by name, else the greatest first; a label: its mean score")
    containing: Text = Field(default="", description="a part of the name, in capitals or not")


class HistoryQuery(Strict):
    """What part of a customer's history, and how it is cut."""

    period: Literal["day", "week", "month"] = "week"
    since: Text | None = None
    until: Text | None = None
    recent_since: Text | None = Field(
        default=None, description="the recordings from then on are held against those before; left out: newest quarter"
    )
    space: Space | None = Field(default=None, description="left out: the one that searches use")


class WrittenHistoryQuery(HistoryQuery):
    """What part of a customer's history, how it is cut, and written."""

    format: Literal["json", "csv"] = Field(default="json", description="csv: a table for spreadsheets")


class ProfileQuery(WrittenHistoryQuery):
    """What part of a customer's history, how it is cut, and written, with how many recordings as examples."""

    examples: int = Field(default=5, ge=0, le=50)


class CustomerComparisonQuery(WrittenHistoryQuery):
    """Two customers, what part of their history, and how it is cut and written."""

    first: Text
    second: Text


class Said(Strict):
    """What is said of recordings that are only listened to."""

    role: Role | None = Field(default=None, description="who speaks; a collection with a policy wants to know")
    channel: Text = Field(default=MIX, description="left, right, ch0 …; mix: all channels together")


class PredictionForm(Said):
    """A recording to classify."""

    recording: FileStorage
    granularity: Literal["utterance", "frame"] = "utterance"


class UploadForm(Strict):
    """Recordings to store, and what people know of them."""

    recording: list[FileStorage] = Field(description="one file or several")
    customer: Text | None = None
    speaker: Text | None = None
    role: Role | None = None
    recorded_at: Text | None = Field(default=None, description="ISO 8601; without a zone the server's")
    metadata: Annotated[str, Field(max_length=50_000)] | None = Field(default=None, description="JSON object")
    channels: Text | None = Field(default=None, description="mix (the default), or channels to keep apart: left,right")
    roles: Text | None = Field(default=None, description="left=agent,right=customer")
    allow_again: bool = Field(default=False, description="store it even if it was deleted before")


class SimilarityForm(Said):
    """Two recordings to compare."""

    recording: list[FileStorage] = Field(description="exactly two files", min_length=2, max_length=2)
    space: Space = "embedding"


class SearchFields(Strict):
    """How many matches, in which space, and what they should not be like."""

    k: int = Field(default=10, ge=1, le=MAX_K)
    space: Space | None = Field(default=None, description="left out: emotion where it is fitted, else scores")
    unlike: Unlike = Field(default=[])
    min_similarity: Similarity | None = None
    exclude_same: Same | None = Field(
        default=None, description="no match shares it with the query's own utterances; for what is stored"
    )
    per_customer: int | None = Field(default=None, ge=1, le=MAX_K, description="at most so many matches of each")
    per_recording: int | None = Field(default=None, ge=1, le=MAX_K, description="at most so many matches of each")
    cursor: Text | None = Field(default=None, description="next_cursor of the answer before, to the same question")
    group_by: GroupBy | None = Field(default=None, description="then k counts groups")
    per_group: int = Field(default=3, ge=1, le=MAX_K, description="of each group at most so many matches")
    diversify: Similarity | bool | None = Field(
        default=None, description="leave out what is at least so similar to a match before it; true: 0.98"
    )
    exact: bool = Field(default=False, description="compare with all that is stored, whatever the index; takes longer")


class SearchForm(SearchFields, TextFilter):
    """Search by a recording."""

    recording: FileStorage
    recording_role: Role | None = Field(default=None, description="who speaks in it; see predictions")
    recording_channel: Text = Field(default=MIX, description="left, right, ch0 …; mix: all channels together")
    recording_customer: Text | None = Field(default=None, description="whose emotion is in it")
    recording_speaker: Text | None = Field(default=None, description="whose voice it is; matters in space emotion")


class SearchQuery(SearchFields, TextFilter):
    """Search by an embedding that is the body, as bytes."""


class SoughtBody(Strict):
    """What is stored, a mixture of scores or an embedding: exactly one of them."""

    utterance_id: Id | None = None
    recording_id: Id | None = Field(default=None, description="the mean of its utterances")
    of_customer: Text | None = Field(default=None, description="a customer's mean")
    like: list[Id] | None = Field(default=None, min_length=1, max_length=MAX_EXAMPLES, description="utterances")
    unlike: Unlike = Field(default=[])
    scores: dict[Label, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = Field(
        default=None, description='proportions such as {"angry": 0.6, "sad": 0.4}'
    )
    embedding: list[Annotated[float, Field(allow_inf_nan=False)]] | None = Field(
        default=None, min_length=1, max_length=MAX_DIM
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        kinds = [name for name in KINDS if name in type(self).model_fields]
        given = [name for name in kinds if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"expected one of {', '.join(kinds)} (or send a recording as multipart/form-data), "
                f"got {' and '.join(given) or 'none'}"
            )
        return self


class SearchBody(SearchFields, SoughtBody):
    """Search by one of these."""

    draft: Text | None = Field(default=None, description="token of a recording that was sent before; see drafts")
    start_s: Moment | None = Field(default=None, description="with `draft`: only from here")
    end_s: Moment | None = Field(default=None, description="with `draft`: only up to here")
    filter: JsonFilter = JsonFilter()

    @model_validator(mode="after")
    def _stretch_of_a_draft(self) -> Self:
        if self.draft is None and (self.start_s is not None or self.end_s is not None):
            raise ValueError("start_s and end_s go with draft")
        return self


#: held against `SoughtBody` one by one, so that one mistake does not refuse the others
Query = Annotated[dict[str, Any], WithJsonSchema(SoughtBody.model_json_schema())]


class BatchBody(SearchFields):
    """Search by each of these, all asked the same."""

    queries: list[Query] = Field(min_length=1, max_length=MAX_QUERIES)
    filter: JsonFilter = JsonFilter()


class CourseFields(Strict):
    """How many recordings, and how long they may be."""

    k: int = Field(default=10, ge=1, le=MAX_K)
    stretch: float | None = Field(
        default=None, ge=1, le=1000, description="how many times longer or shorter speech may be; 2 unless given"
    )


class CourseForm(CourseFields, TextFilter):
    """Recordings that run like one that is not stored."""

    recording: FileStorage
    recording_role: Role | None = Field(default=None, description="who speaks in it; see predictions")
    recording_channel: Text = Field(default=MIX, description="left, right, ch0 …; mix: all channels together")


class TrajectoryBody(CourseFields):
    """Recordings in which a pattern holds, or that run like a stored one; the filter looks at whole recordings."""

    pattern: Text | None = Field(default=None, description="for example neutral > angry 5s > calm")
    min_clarity: float | None = Field(
        default=None, ge=0, le=1, description="how clearly a pattern must hold; 0.3 unless given"
    )
    recording_id: Id | None = None
    filter: JsonFilter = JsonFilter()

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.pattern is None) == (self.recording_id is None):
            raise ValueError("expected either pattern or recording_id (or send a recording as multipart/form-data)")
        if self.pattern is not None and self.stretch is not None:
            raise ValueError("stretch goes with recording_id, not with a pattern")
        if self.recording_id is not None and self.min_clarity is not None:
            raise ValueError("min_clarity goes with a pattern, not with recording_id")
        return self


class ClusteringBody(Strict):
    """A K-Means run."""

    k: int = Field(ge=1, le=MAX_K)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    space: Space | None = Field(default=None, description="left out: the one that searches use")
    filter: JsonFilter = JsonFilter()


class ClusterNameBody(Strict):
    """What a cluster is called."""

    name: Text = Field(description="up to 80 characters on one line; empty: no name")


class ComparisonQuery(Strict):
    """Which two runs."""

    first: Id
    second: Id


class SelectionBody(Strict):
    """Utterances that were picked one by one."""

    utterance_ids: list[Id] = Field(min_length=1, max_length=MAX_SELECTED)


class MapQuery(TextFilter):
    """What is shown in the plane, and how."""

    method: MapMethod = "pca"
    space: Space | None = Field(default=None, description="that of searches unless named")
    clustering: Id | None = Field(default=None, description="a run whose clusters are told")
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    limit: int = Field(default=MAX_POINTS, ge=1, le=MAX_POINTS, description="points at most; tsne and umap take 5,000")


class ForbiddenRoleBody(Strict):
    """A role to forbid for good."""

    role: Role
    reason: Text = Field(default="", description="kept in the policy's log")
    delete_existing: bool = Field(default=False, description="delete stored recordings that the policy then keeps out")
