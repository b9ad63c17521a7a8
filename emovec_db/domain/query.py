"""Filters, pages, changes and matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Self, TypedDict, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.condition_text import parse_condition
from emovec_db.domain.conditions import METADATA, All, Condition, Equals, Order
from emovec_db.domain.explanation import Explanation
from emovec_db.domain.recording import Utterance
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError

Row = TypeVar("Row")


class FilterFields(TypedDict, total=False):
    """The fields of `Filter` as keyword arguments."""

    customer: str | None
    speaker: str | None
    role: str | None
    label: str | None
    since: datetime | None
    until: datetime | None
    min_confidence: float | None
    min_duration_s: float | None
    max_duration_s: float | None
    metadata: Mapping[str, str]
    where: str | Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which utterances count; every condition that is set must hold."""

    customer: str | None = None
    speaker: str | None = None
    role: str | None = None
    label: str | None = None
    #: recorded_at >= since, < until; UTC
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None
    #: of the utterance
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    #: top-level metadata fields that must equal these texts
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: a condition, or the text of one (`domain.condition_text`), in which times name their zones
    where: str | Condition | None = None

    def __post_init__(self) -> None:
        if isinstance(self.where, str):
            object.__setattr__(self, "where", parse_condition(self.where, zone=None))
        if self.label is not None and self.label not in LABELS:
            raise QueryError(f"label is {self.label!r}: expected one of {', '.join(LABELS)}")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise QueryError(f"min_confidence is {self.min_confidence}: expected 0 to 1")
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None and moment.tzinfo is None:
                raise QueryError(
                    f"{name} is {moment.isoformat()}, a time without a zone: expected one such as "
                    f"{moment.isoformat()}+00:00"
                )

    @property
    def condition(self) -> Condition | None:
        """`where`, read."""
        return cast("Condition | None", self.where)

    @property
    def is_empty(self) -> bool:
        return self == Filter()

    def as_condition(self) -> Condition:
        """All that it asks of utterances, as one condition; of an empty one, that of all of no conditions."""
        texts = {"customer": self.customer, "speaker": self.speaker, "role": self.role, "label": self.label}
        texts |= {METADATA + key: text for key, text in self.metadata.items()}
        orders: tuple[tuple[str, str, float | datetime | None], ...] = (
            ("recorded_at", ">=", self.since),
            ("recorded_at", "<", self.until),
            ("confidence", ">=", self.min_confidence),
            ("duration_s", ">=", self.min_duration_s),
            ("duration_s", "<=", self.max_duration_s),
        )
        return All(
            (
                *(Equals(field, (text,)) for field, text in texts.items() if text is not None),
                *(Order(field, sign, value) for field, sign, value in orders if value is not None),
                *(() if self.condition is None else (self.condition,)),
            )
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor that continues after them (None: that was all)."""

    items: tuple[Row, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a collection's change log: an utterance came or went, or what is known of its recording changed."""

    seq: int
    utterance_id: int
    #: False: the utterance was removed; True also where it was there already, and may lie elsewhere in a space now
    added: bool


@dataclass(frozen=True, slots=True)
class Match:
    """One result of a search."""

    utterance: Utterance
    #: -1..1, higher is nearer; exact, whatever index found it
    similarity: float
    #: None where nothing was searched for
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard in n utterances, row by row, and who is taken to have said it: what a space maps."""

    #: float32 (n, dim)
    embeddings: NDArray[np.float32]
    #: float32 (n, 9), in the order of `LABELS`
    scores: NDArray[np.float32]
    #: object (n,): who speaks, as text that is the same for the same person; None where that is not known
    people: NDArray[np.object_]

    @classmethod
    def alone(cls, embedding: NDArray[np.float32], scores: NDArray[np.float32], person: str | None = None) -> Self:
        """One utterance, from float32 (dim,) and float32 (9,)."""
        return cls(embeddings=embedding[None], scores=scores[None], people=np.array([person], dtype=object))

    @classmethod
    def by_nobody_known(cls, embeddings: NDArray[np.float32], scores: NDArray[np.float32]) -> Self:
        """Float32 (n, dim) and float32 (n, 9) of utterances whose speakers are not known."""
        return cls(embeddings=embeddings, scores=scores, people=np.full(len(embeddings), None, dtype=object))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors(Heard):
    """What was heard in n stored utterances."""

    #: int64 (n,)
    ids: NDArray[np.int64]

    def rows(self, at: NDArray[np.int64] | NDArray[np.intp] | NDArray[np.bool_]) -> Vectors:
        """Those rows, in that order."""
        return Vectors(ids=self.ids[at], embeddings=self.embeddings[at], scores=self.scores[at], people=self.people[at])
