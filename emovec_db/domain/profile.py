"""A customer's emotion over a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from emovec_db.domain.query import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over recordings with a 95 % bootstrap interval."""

    mean: float
    #: None where there are too few recordings to say
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One day, week or month."""

    #: start of the period, UTC
    start: datetime
    recordings: int
    #: mean scores by label
    scores: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestCustomer:
    """Another customer and how near the centroids are."""

    customer: str
    similarity: float
    recordings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a customer's recordings say of their emotion."""

    customer: str
    recordings: int
    utterances: int
    duration_s: float
    first_recorded_at: datetime | None
    last_recorded_at: datetime | None
    #: share of recordings whose summary has this label
    labels: dict[str, float]
    #: mean score over recordings, by label
    scores: dict[str, Estimate]
    #: day, week or month
    period: str
    trend: tuple[TrendPoint, ...]
    #: unit vector in the space, the normalised mean of the utterances
    centroid: tuple[float, ...]
    #: mean distance (1 - similarity) of utterances to the centroid
    spread: float
    #: mean Hellinger distance between scores of consecutive recordings; None with fewer than two times
    volatility: float | None
    typical: tuple[Match, ...]
    unusual: tuple[Match, ...]
    nearest: tuple[NearestCustomer, ...]
