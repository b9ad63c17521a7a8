"""Customers' profiles."""

from __future__ import annotations

from emovec_db.documents.search import match_document
from emovec_db.documents.values import Document, time_text
from emovec_db.domain.profile import Estimate, NearestCustomer, Profile, TrendPoint


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
        "centroid": list(profile.centroid),
        "spread": profile.spread,
        "volatility": profile.volatility,
        "typical": [match_document(match) for match in profile.typical],
        "unusual": [match_document(match) for match in profile.unusual],
        "nearest": [_nearest_document(customer) for customer in profile.nearest],
    }


def _estimate_document(estimate: Estimate) -> Document:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high}


def _trend_document(point: TrendPoint) -> Document:
    return {"start": time_text(point.start), "recordings": point.recordings, "scores": dict(point.scores)}


def _nearest_document(nearest: NearestCustomer) -> Document:
    return {"customer": nearest.customer, "similarity": nearest.similarity, "recordings": nearest.recordings}
