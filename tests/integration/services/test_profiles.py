"""Profiles against the same figures by hand."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from emovec_db.database import Collection, Database
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.profiles import volatility

from .conftest import PATTERN


@pytest.fixture
def calls(database: Database, archive: Path) -> Collection:
    collection = database.collection("calls")
    collection.ingest(archive, customer_from=PATTERN)
    return collection


def scores_of(collection: Collection, customer: str) -> np.ndarray:
    """Recordings' scores in the order of time, float64 (recordings, 9)."""
    recordings = sorted(
        collection.recordings(customer=customer).items, key=lambda one: one.details.recorded_at or datetime.max
    )
    return np.array([one.summary.scores for one in recordings])


def test_counts_means_and_intervals(calls: Collection) -> None:
    profile = calls.profile("calm")
    scores = scores_of(calls, "calm")
    assert (profile.recordings, profile.utterances) == (4, 4)
    assert profile.labels == {"neutral": 0.75, "sad": 0.25}
    for number, label in enumerate(LABELS):
        estimate = profile.scores[label]
        assert estimate.mean == pytest.approx(scores[:, number].mean(), abs=1e-6)
        assert estimate.low is not None
        assert estimate.high is not None
        assert scores[:, number].min() - 1e-9 <= estimate.low <= estimate.mean <= estimate.high
    neutral = profile.scores["neutral"]
    assert neutral.high is not None
    assert neutral.low is not None
    assert neutral.high - neutral.low > 0.2, "four recordings say little"


def test_trend_by_day_week_and_month(calls: Collection) -> None:
    days = calls.profile("calm", period="day").trend
    assert [point.start for point in days] == [datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    np.testing.assert_allclose(
        [[p.scores[label] for label in LABELS] for p in days], scores_of(calls, "calm"), atol=1e-6
    )
    weeks = calls.profile("calm", period="week").trend
    # 1 May 2026 is a Friday
    assert [(point.start.day, point.recordings) for point in weeks] == [(27, 3), (4, 1)]
    (month,) = calls.profile("calm", period="month").trend
    assert (month.start, month.recordings) == (datetime(2026, 5, 1, tzinfo=UTC), 4)
    with pytest.raises(QueryError, match="expected one of day, week, month"):
        calls.profile("calm", period="year")


def test_volatility_is_the_mean_hellinger_distance_of_neighbours(calls: Collection) -> None:
    scores = scores_of(calls, "cross")
    by_hand = [np.sqrt(0.5 * np.sum((np.sqrt(one) - np.sqrt(other)) ** 2)) for one, other in itertools.pairwise(scores)]
    assert calls.profile("cross").volatility == pytest.approx(np.mean(by_hand), abs=1e-4)
    assert volatility(scores[:1]) is None
    certain = np.eye(9)[[0, 1, 0]]
    assert volatility(certain) == pytest.approx(1)
    assert volatility(certain[[0, 0]]) == pytest.approx(0, abs=1e-6)


def test_typical_and_unusual_recordings(calls: Collection) -> None:
    profile = calls.profile("cross", examples=1)
    assert profile.unusual[0].utterance.prediction.label == "disgusted"
    assert profile.typical[0].utterance.prediction.label == "angry"
    assert profile.typical[0].similarity > profile.unusual[0].similarity


def test_centroid_and_nearest_customers(calls: Collection) -> None:
    calm, cross = calls.profile("calm"), calls.profile("cross")
    assert np.linalg.norm(calm.centroid) == pytest.approx(1, abs=1e-5)
    (nearest,) = calm.nearest
    assert nearest.customer == "cross"
    assert nearest.recordings == 4
    assert nearest.similarity == pytest.approx(float(np.dot(calm.centroid, cross.centroid)), abs=1e-5)


def test_a_period_narrows_it(calls: Collection) -> None:
    profile = calls.profile("calm", since=datetime(2026, 5, 3, tzinfo=UTC), until=datetime(2026, 5, 4, tzinfo=UTC))
    assert profile.recordings == 1
    assert profile.labels == {"sad": 1.0}
    assert profile.scores["sad"].low is None, "one recording has no interval"


def test_unknown_customer_or_empty_period_says_which(calls: Collection) -> None:
    with pytest.raises(NotFoundError, match="customers it knows: calm, cross"):
        calls.profile("nobody")
    with pytest.raises(NotFoundError, match="in that period"):
        calls.profile("calm", since=datetime(2030, 1, 1, tzinfo=UTC))
