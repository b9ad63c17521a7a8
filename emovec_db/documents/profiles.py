"""Customers' profiles."""

from __future__ import annotations

from emovec_db.documents.search import match_document
from emovec_db.documents.values import Document, time_text
from emovec_db.domain.customers import CustomerOverview, NegativeTrend, Week
from emovec_db.domain.profile import (
    Change,
    CustomerComparison,
    Difference,
    Estimate,
    NearestCustomer,
    Profile,
    TrendPoint,
)


def profile_document(profile: Profile) -> Document:
    """A customer's emotion over a period; every share and score by label."""
    return {
        "customer": profile.customer,
        "recordings": profile.recordings,
        "utterances": profile.utterances,
        "duration_s": profile.duration_s,
        "first_recorded_at": time_text(profile.first_recorded_at),
        "last_recorded_at": time_text(profile.last_recorded_at),
        "labels": dict(profile.labels),
        "scores": {label: _estimate_document(estimate) for label, estimate in profile.scores.items()},
        "period": profile.period,
        "trend": [_trend_document(point) for point in profile.trend],
        "change": None if profile.change is None else _change_document(profile.change),
        "space": profile.space,
        "centroid": list(profile.centroid),
        "spread": profile.spread,
        "volatility": profile.volatility,
        "typical": [match_document(match) for match in profile.typical],
        "unusual": [match_document(match) for match in profile.unusual],
        "nearest_space": profile.nearest_space,
        "nearest": [_nearest_document(customer) for customer in profile.nearest],
    }


def comparison_document(comparison: CustomerComparison) -> Document:
    """Two customers side by side."""
    return {
        "first": profile_document(comparison.first),
        "second": profile_document(comparison.second),
        "differences": _difference_documents(comparison.differences),
        "similarity": comparison.similarity,
    }


def customer_document(overview: CustomerOverview) -> Document:
    """A customer at a glance; every score by label."""
    figures = overview.figures
    return {
        "customer": overview.customer,
        "recordings": figures.recordings,
        "duration_s": figures.duration_s,
        "first_recorded_at": time_text(figures.first_recorded_at),
        "last_recorded_at": time_text(figures.last_recorded_at),
        "label": overview.label,
        "scores": dict(figures.scores),
        "trend": _negative_trend_document(overview.trend),
    }


def _negative_trend_document(trend: NegativeTrend) -> Document:
    return {
        "direction": trend.direction,
        "change": trend.change,
        "weeks": [_week_document(week) for week in trend.weeks],
    }


def _week_document(week: Week) -> Document:
    return {
        "start": time_text(week.start),
        "recordings": week.recordings,
        "negative": week.negative,
        "scores": dict(week.scores),
    }


def _change_document(change: Change) -> Document:
    return {
        "since": time_text(change.since),
        "recordings": change.recordings,
        "baseline_recordings": change.baseline_recordings,
        "scores": _difference_documents(change.scores),
    }


def _difference_documents(differences: dict[str, Difference]) -> Document:
    return {
        label: {"difference": one.difference, "low": one.low, "high": one.high, "verdict": one.verdict}
        for label, one in differences.items()
    }


def _estimate_document(estimate: Estimate) -> Document:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high}


def _trend_document(point: TrendPoint) -> Document:
    intervals = point.intervals
    return {
        "start": time_text(point.start),
        "recordings": point.recordings,
        "scores": dict(point.scores),
        "intervals": None if intervals is None else {label: list(bounds) for label, bounds in intervals.items()},
        "volatility": point.volatility,
    }


def _nearest_document(nearest: NearestCustomer) -> Document:
    return {"customer": nearest.customer, "similarity": nearest.similarity, "recordings": nearest.recordings}
