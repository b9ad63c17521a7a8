"""Customers of a collection at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovec_db.emotions import LABELS

#: what customers can be sorted by: their name, or what is greatest first
CUSTOMER_SORTS = ("name", "recordings", "last_recorded_at", *LABELS)
#: whether the negative share goes up or down; `unknown`: there are too few recordings to say
Direction: TypeAlias = Literal["rising", "falling", "steady", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days of a customer, counted back from the last recording."""

    #: UTC
    start: datetime
    recordings: int
    #: mean scores by label
    scores: dict[str, float]
    #: mean of the negative share
    negative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeTrend:
    """How the negative share, the scores of angry, disgusted, fearful and sad together, went of late."""

    #: those that have recordings, in the order of time
    weeks: tuple[Week, ...]
    #: the newer half of the weeks' mean over recordings less the older half's; None where that is `unknown`
    change: float | None
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFigures:
    """What a customer's recordings come to."""

    recordings: int
    duration_s: float
    first_recorded_at: datetime | None
    last_recorded_at: datetime | None
    #: mean scores over recordings, by label
    scores: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOverview:
    """A customer at a glance."""

    customer: str
    figures: CustomerFigures
    trend: NegativeTrend

    @property
    def label(self) -> str:
        """The dominant label: that of the greatest mean score."""
        return max(LABELS, key=lambda label: self.figures.scores[label])


@dataclass(frozen=True, slots=True)
class CustomerRank:
    """A customer, and what customers are sorted by."""

    customer_id: int
    name: str
    value: datetime | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """What a customer's recordings of one week come to."""

    #: 0: the seven days that end with the last recording
    weeks_ago: int
    recordings: int
    #: mean scores by label
    scores: dict[str, float]
    #: sum of the negative share over the recordings, and of its squares
    negative: float
    negative_squares: float


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """Utterances and whose they are, row by row."""

    #: int64 (n,), ascending
    utterances: NDArray[np.int64]
    #: int64 (n,), ids
    customers: NDArray[np.int64]
    #: int64 (n,), ids
    recordings: NDArray[np.int64]
