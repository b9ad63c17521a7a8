"""A customer's emotion over a period, and how two customers differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from emovec_db.domain.query import Match

#: what can be said of a difference: `unclear` may be chance, `too_few` says that there are too few recordings to tell
Verdict: TypeAlias = Literal["higher", "lower", "unclear", "too_few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over recordings with a 95 % bootstrap interval."""

    mean: float
    #: None where there are too few recordings to say
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much higher a mean over some recordings is than one over others, with a 95 % bootstrap interval."""

    #: None, like the interval, where either side has too few recordings to say
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One day, week or month."""

    #: start of the period, UTC
    start: datetime
    recordings: int
    #: mean scores by label
    scores: dict[str, float]
    #: 95 % bootstrap interval of each mean, low and high; None where there are too few recordings to say
    intervals: dict[str, tuple[float, float]] | None
    #: mean Hellinger distance of its recordings to the one before each; None where none has one before
    volatility: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A customer's newest recordings against their own baseline, which is all recordings before."""

    #: when the newest recordings begin, UTC
    since: datetime
    recordings: int
    baseline_recordings: int
    #: by label, the newest recordings' mean score less the baseline's
    scores: dict[str, Difference]


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
    #: None where no recording has a time
    change: Change | None
    #: of centroid, spread, typical and unusual recordings
    space: str
    #: unit vector in the space, the normalised mean of the utterances
    centroid: tuple[float, ...]
    #: mean distance (1 - similarity) of utterances to the centroid
    spread: float
    #: mean Hellinger distance between scores of consecutive recordings; None with fewer than two times
    volatility: float | None
    typical: tuple[Match, ...]
    unusual: tuple[Match, ...]
    #: in which customers are near: `space`, but `scores` for `emotion`, which takes what is usual for a customer off
    nearest_space: str
    nearest: tuple[NearestCustomer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerComparison:
    """Two customers side by side."""

    first: Profile
    second: Profile
    #: by label, the first's mean score less the second's
    differences: dict[str, Difference]
    #: of the centroids, -1..1, in the profiles' `nearest_space`
    similarity: float
