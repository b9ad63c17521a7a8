"""What is searched for among stored utterances, and which of them may be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Filter, FilterFields
from emovec_db.domain.search_cursor import SearchCursor
from emovec_db.errors import QueryError

#: what matches may be kept from sharing with the query
Same = Literal["recording", "customer", "speaker"]
#: what matches may be grouped by
GroupBy = Literal["customer", "recording"]
MAX_K = 10_000
MAX_EXAMPLES = 1_000
#: what `diversify=True` stands for: the same words by the same voice in another recording, in space `embedding`
NEARLY_THE_SAME = 0.98


class QuestionFields(FilterFields, total=False):
    """The fields of `Question` and of its filter as keyword arguments, and the space."""

    k: int
    space: str | None
    min_similarity: float | None
    exclude_same: Same | None
    per_customer: int | None
    per_recording: int | None
    diversify: float | bool | None
    exact: bool
    group_by: GroupBy | None
    per_group: int
    cursor: str | None


class SearchFields(QuestionFields, total=False):
    """What all searches take, whatever is searched for."""

    #: ids of utterances that matches should not be like; they are no matches themselves
    unlike: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How many matches are wanted, and which may be."""

    k: int = 10
    filter: Filter = field(default_factory=Filter)
    min_similarity: float | None = None
    #: no match has the recording, customer or speaker of one of the query's own utterances
    exclude_same: Same | None = None
    #: at most so many matches of each; recordings without a customer count as one each
    per_customer: int | None = None
    per_recording: int | None = None
    #: leaves out what is at least so similar to a match before it; True: `NEARLY_THE_SAME`
    diversify: float | bool | None = None
    #: compare with every stored vector that may be found, whatever the index
    exact: bool = False
    #: k counts groups then; recordings without a customer are groups of their own
    group_by: GroupBy | None = None
    #: at most so many matches of each group
    per_group: int = 3
    #: next_cursor of the answer before
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise QueryError(f"k is {self.k}: expected 1 to {MAX_K}")
        if self.exclude_same is not None and self.exclude_same not in get_args(Same):
            raise QueryError(f"exclude_same is {self.exclude_same!r}: expected one of {', '.join(get_args(Same))}")
        if isinstance(self.diversify, bool):
            object.__setattr__(self, "diversify", NEARLY_THE_SAME if self.diversify else None)
        if self.diversify is not None and not -1 <= self.diversify <= 1:
            raise QueryError(f"diversify is {self.diversify}: expected a similarity, -1 to 1")
        self._check_groups()
        self._check_depth()
        for name, most in (("per_customer", self.per_customer), ("per_recording", self.per_recording)):
            if most is not None and most < 1:
                raise QueryError(f"{name} is {most}: expected at least 1")

    @property
    def place(self) -> SearchCursor | None:
        """Where the answer before ended."""
        return None if self.cursor is None else SearchCursor.parse(self.cursor)

    @property
    def depth(self) -> int:
        """How many matches come up to the last that is wanted."""
        place = self.place
        return self.k if place is None else place.given + self.k

    def _check_depth(self) -> None:
        if self.depth > MAX_K:
            raise QueryError(
                f"matches can be looked through to the {MAX_K:,}th: {self.depth - self.k:,} were given, expected k up "
                f"to what is left, or a narrower filter"
            )

    def _check_groups(self) -> None:
        if self.group_by is None:
            return
        if self.group_by not in get_args(GroupBy):
            raise QueryError(f"group_by is {self.group_by!r}: expected one of {', '.join(get_args(GroupBy))}")
        if self.per_group < 1 or self.k * self.per_group > MAX_K:
            raise QueryError(
                f"{self.k} groups of {self.per_group} matches each: expected at least 1 each, {MAX_K} matches at most"
            )
        if getattr(self, f"per_{self.group_by}") is not None:
            raise QueryError(f"per_{self.group_by} makes no sense in groups by {self.group_by}: use per_group")

    def for_heads(self) -> Question:
        """The question whose matches are the best of each group."""
        if self.group_by == "customer":
            return replace(self, group_by=None, diversify=None, per_recording=None, per_customer=1)
        return replace(self, group_by=None, diversify=None, per_recording=1)

    def within_group(self, filter: Filter) -> Question:
        """The question asked of the utterances of a group that this filter lets through."""
        own = None if self.group_by == "recording" else self.per_recording
        return replace(
            self, group_by=None, cursor=None, k=self.per_group, filter=filter, per_customer=None, per_recording=own
        )

    @property
    def is_choosy(self) -> bool:
        """Whether what is near may have to be passed over."""
        return any((self.exclude_same, self.per_customer, self.per_recording)) or self.diversify is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Stored utterances that matches should be like, and some that they should not be like."""

    #: ids; they are no matches themselves
    like: Sequence[int] = ()
    unlike: Sequence[int] = ()
    #: all utterances of a recording, by their durations
    recording_id: int | None = None
    #: all utterances of a customer
    customer: str | None = None

    def __post_init__(self) -> None:
        kinds = (bool(self.like), self.recording_id is not None, self.customer is not None)
        if sum(kinds) != 1:
            raise QueryError("expected one thing to search for: utterances, a recording or a customer")
        check_number(len(self.like) + len(self.unlike))
        both = set(self.like) & set(self.unlike)
        if both:
            raise QueryError(f"utterance {min(both)} is both what matches should be like and what they should not")


def check_number(examples: int) -> None:
    """Raises QueryError where there are too many."""
    if examples > MAX_EXAMPLES:
        raise QueryError(f"got {examples} examples: expected at most {MAX_EXAMPLES}")


#: examples, a mixture of scores, or an embedding, float32 (dim,)
Query: TypeAlias = Examples | Mapping[str, float] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class But:
    """One of many queries, and what its matches should not be like: ``But({"angry": 1}, unlike=[9])``."""

    query: Query
    #: ids of utterances; they are no matches themselves
    unlike: Sequence[int]
