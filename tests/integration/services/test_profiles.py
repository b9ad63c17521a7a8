"""Profiles against the same figures by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from emovec_db.database import Collection, Database
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.profiles.course import volatility
from tests.stored import JUNE, PROVENANCE, embedding, recording, utterance

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


def test_trend_points_have_intervals_and_volatility(calls: Collection) -> None:
    scores = scores_of(calls, "calm")
    steps = [np.sqrt(0.5 * np.sum((np.sqrt(one) - np.sqrt(other)) ** 2)) for one, other in itertools.pairwise(scores)]
    first, second = calls.profile("calm", period="week").trend
    assert first.intervals is not None
    for number, label in enumerate(LABELS):
        low, high = first.intervals[label]
        assert scores[:3, number].min() - 1e-9 <= low <= first.scores[label] + 1e-9
        assert first.scores[label] - 1e-9 <= high <= scores[:3, number].max() + 1e-9
    assert second.intervals is None, "one recording has no interval"
    assert first.volatility == pytest.approx(np.mean(steps[:2]), abs=1e-4)
    assert second.volatility == pytest.approx(steps[2], abs=1e-4)
    assert calls.profile("calm", period="day").trend[0].volatility is None, "none before it"


@pytest.fixture
def risen(database: Database) -> Collection:
    """A customer that was neutral for 15 days and angry on the last 5; on the last day, six times."""
    collection = database.collection("risen")
    collection.create()
    rng = np.random.default_rng(1)
    with database._parts.store.write() as unit:
        stored = unit.collections.get("risen")
        for number in range(20):
            label, day = ("neutral", number) if number < 15 else ("angry", 15)
            heard = replace(
                utterance(number, label=label, confidence=0.5 + 0.4 * rng.random()), embedding=embedding(number, 16)
            )
            new = recording(f"r{number}", customer="ann", recorded_at=JUNE + timedelta(days=day), utterances=[heard])
            unit.recordings.add(stored, new, PROVENANCE)
    return collection


def test_change_against_the_own_baseline(risen: Collection) -> None:
    profile = risen.profile("ann")
    assert profile.change is not None
    assert (profile.change.since, profile.change.recordings) == (JUNE + timedelta(days=15), 5)
    assert profile.change.baseline_recordings == 15
    verdicts = {label: one.verdict for label, one in profile.change.scores.items()}
    assert verdicts == {label: {"angry": "higher", "neutral": "lower"}.get(label, "unclear") for label in LABELS}
    angry = profile.change.scores["angry"]
    assert angry.low is not None
    assert angry.high is not None
    assert angry.difference is not None
    assert 0 < angry.low < angry.difference < angry.high


def test_what_is_recent_can_be_told(risen: Collection) -> None:
    change = risen.profile("ann", recent_since=JUNE + timedelta(days=10)).change
    assert change is not None
    assert (change.since, change.recordings, change.baseline_recordings) == (JUNE + timedelta(days=10), 10, 10)
    none = risen.profile("ann", recent_since=JUNE + timedelta(days=99)).change
    assert none is not None
    assert (none.recordings, none.baseline_recordings) == (0, 20)
    assert {one.verdict for one in none.scores.values()} == {"too_few"}
    last_day = risen.profile("ann", since=JUNE + timedelta(days=15)).change
    assert last_day is not None
    assert (last_day.recordings, last_day.baseline_recordings) == (5, 0), "what is of one time is not cut in two"
    with pytest.raises(QueryError, match=r"recent_since is .* a time without a zone"):
        risen.profile("ann", recent_since=datetime(2026, 5, 3))


def test_few_recordings_tell_no_change(calls: Collection) -> None:
    change = calls.profile("calm").change
    assert change is not None
    assert (change.recordings, change.baseline_recordings) == (1, 3)
    assert {(one.difference, one.verdict) for one in change.scores.values()} == {(None, "too_few")}


def test_two_customers_side_by_side(calls: Collection) -> None:
    found = calls.compare_customers("calm", "cross", period="day", space="embedding")
    calm, cross = (calls.profile(name, period="day", space="embedding", examples=0) for name in ("calm", "cross"))
    assert (found.first, found.second) == (calm, cross)
    assert found.similarity == pytest.approx(float(np.dot(calm.centroid, cross.centroid)), abs=1e-5)
    assert {one.verdict for one in found.differences.values()} == {"too_few"}
    with pytest.raises(QueryError, match="'calm' is compared with itself"):
        calls.compare_customers("calm", "calm")
    with pytest.raises(NotFoundError, match="no customer 'nobody'"):
        calls.compare_customers("calm", "nobody")


def test_differences_of_two_customers(risen: Collection, database: Database) -> None:
    with database._parts.store.write() as unit:
        stored = unit.collections.get("risen")
        for number in range(20, 30):
            heard = replace(utterance(number, label="sad", confidence=0.8), embedding=embedding(number, 16))
            unit.recordings.add(stored, recording(f"r{number}", customer="bob", utterances=[heard]), PROVENANCE)
    found = risen.compare_customers("ann", "bob")
    ann, bob = found.first, found.second
    assert bob.change is None, "none of the recordings has a time"
    for label, one in found.differences.items():
        assert one.difference == pytest.approx(ann.scores[label].mean - bob.scores[label].mean)
    assert (found.differences["sad"].verdict, found.differences["neutral"].verdict) == ("lower", "higher")


def test_the_space_is_that_of_searches(calls: Collection) -> None:
    assert calls.profile("calm").space == calls.spaces.default() == "scores"
    assert calls.cluster(2).space == "scores"
    assert calls.profile("calm", space="embedding").nearest_space == "embedding"
