"""Shapes of customers and their profiles."""

from __future__ import annotations

from typing import Literal

from emovec_db.api.schemas.heard import Answer
from emovec_db.api.schemas.matches import Match


class CustomerPage(Answer):
    """All customers of a collection."""

    items: list[str]
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
    centroid: list[float]
    spread: float
    volatility: float | None
    typical: list[Match]
    unusual: list[Match]
    nearest: list[NearestCustomer]
