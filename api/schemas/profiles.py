"""Shapes of customers and their profiles."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emovec_db.api.filters import Label
from emovec_db.api.schemas.heard import Answer, Scores
from emovec_db.api.schemas.matches import Match


class Week(Answer):
    """Seven days, counted back from a customer's last recording."""

    start: str
    recordings: int
    negative: float = Field(description="mean of the negative share: angry, disgusted, fearful and sad together")
    scores: Scores


class NegativeTrend(Answer):
    """How the negative share went in the last eight weeks."""

    direction: Literal["rising", "falling", "steady", "unknown"] = Field(
        description="unknown: fewer than five recordings in the newer or the older four weeks"
    )
    change: float | None = Field(description="mean of the newer four weeks less that of the older four")
    weeks: list[Week] = Field(description="those that have recordings, in the order of time")


class Customer(Answer):
    """A customer at a glance."""

    customer: str
    recordings: int
    duration_s: float
    first_recorded_at: str | None
    last_recorded_at: str | None
    label: Label = Field(description="that of the greatest mean score")
    scores: Scores = Field(description="means over recordings")
    trend: NegativeTrend


class CustomerPage(Answer):
    """Customers of a collection."""

    items: list[Customer]
    next_cursor: str | None


class Estimate(Answer):
    """A mean over recordings with a 95 % interval; no interval of a single recording."""

    mean: float
    low: float | None
    high: float | None


class TrendPoint(Answer):
    """One day, week or month."""

    start: str
    recordings: int
    scores: dict[str, float]
    intervals: dict[str, list[float]] | None = Field(
        description="95 % intervals of the scores, low and high; null: too few recordings"
    )
    volatility: float | None = Field(description="mean distance of its recordings' scores to the recording before each")


class Difference(Answer):
    """How much higher one mean is than another, with a 95 % interval."""

    difference: float | None
    low: float | None
    high: float | None
    verdict: Literal["higher", "lower", "unclear", "too_few"] = Field(
        description="higher or lower: it is 0.05 at least, and chance makes one as great, of any label, in at most one "
        "of 20 cases; too_few: fewer than five recordings on one side"
    )


class Change(Answer):
    """The newest recordings against all before."""

    since: str
    recordings: int
    baseline_recordings: int
    scores: dict[str, Difference] = Field(description="the newest recordings' mean less the baseline's")


class NearestCustomer(Answer):
    """Another customer and how near the centroids are."""

    customer: str
    similarity: float
    recordings: int


class Profile(Answer):
    """A customer's emotion over a period."""

    customer: str
    recordings: int
    utterances: int
    duration_s: float
    first_recorded_at: str | None
    last_recorded_at: str | None
    labels: dict[str, float]
    scores: dict[str, Estimate]
    period: Literal["day", "week", "month"]
    trend: list[TrendPoint]
    change: Change | None = Field(description="null: no recording has a time")
    space: str = Field(description="of centroid, spread, typical and unusual recordings")
    centroid: list[float]
    spread: float
    volatility: float | None
    typical: list[Match]
    unusual: list[Match]
    nearest_space: str = Field(description="in which customers are near")
    nearest: list[NearestCustomer]


class CustomerComparison(Answer):
    """Two customers side by side."""

    first: Profile
    second: Profile
    differences: dict[str, Difference] = Field(description="the first's mean score less the second's")
    similarity: float = Field(description="of the centroids in the profiles' nearest_space, -1..1")
