"""Filters, pages, changes and matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

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

    def __post_init__(self) -> None:
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
    def is_empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor that continues after them (None: that was all)."""

    items: tuple[Row, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a collection's change log: an utterance came or went."""

    seq: int
    utterance_id: int
    #: False: the utterance was removed
    added: bool


@dataclass(frozen=True, slots=True)
class Match:
    """One result of a search."""

    utterance: Utterance
    #: -1..1, higher is nearer; exact, whatever index found it
    similarity: float


@dataclass(frozen=True, slots=True)
class Vectors:
    """Embeddings and scores of n utterances, row by row."""

    #: int64 (n,)
    ids: NDArray[np.int64]
    #: float32 (n, dim)
    embeddings: NDArray[np.float32]
    #: float32 (n, 9), in the order of `LABELS`
    scores: NDArray[np.float32]
