"""A customer's emotion over a period, from their stored recordings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.profile import Estimate, NearestCustomer, Profile, TrendPoint
from emovec_db.domain.query import Filter, Match
from emovec_db.domain.recording import Utterance
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: bootstrap resamples of recordings for the intervals
RESAMPLES = 2_000
#: with fewer recordings a bootstrap interval says nothing
INTERVAL_MIN_RECORDINGS = 3
NEAREST_CUSTOMERS = 5

#: start of the day, week or month in which a local time lies
PERIODS: dict[str, Callable[[datetime], datetime]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileQuestion:
    """Whose profile, over which time, told how."""

    customer: str
    period: str = "week"
    since: datetime | None = None
    until: datetime | None = None
    #: typical and unusual recordings shown, each
    examples: int = 5

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise QueryError(f"period is {self.period!r}: expected one of {', '.join(PERIODS)}")

    @property
    def filter(self) -> Filter:
        return Filter(customer=self.customer, since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A recording, summed up over its utterances."""

    utterances: tuple[Utterance, ...]
    #: unit vector float32 (dim,), the normalised duration-weighted mean of its utterances' vectors
    vector: NDArray[np.float32]
    #: float64 (9,), duration-weighted mean
    scores: NDArray[np.float64]

    @property
    def recorded_at(self) -> datetime | None:
        return self.utterances[0].recorded_at


def profile(store: Store, collection: Collection, space: Space, zone: tzinfo, question: ProfileQuestion) -> Profile:
    """Sum up a customer's utterances.

    Raises:
        NotFoundError: the customer has no utterances in the period; names the customers that are known.
    """
    with store.read() as unit:
        found = unit.utterances.vectors(collection, unit.utterances.ids(collection, question.filter))
        if not len(found.ids):
            raise _unknown_customer(unit, collection, question)
        rows = unit.utterances.rows(collection, found.ids.tolist())
        vectors = space.project(found)
        centroid = unit_vector(vectors.mean(axis=0))
        nearest = _nearest_customers(unit, collection, space, centroid, question.customer)
    utterances = [rows[utterance_id] for utterance_id in found.ids.tolist()]
    heard = _recordings(utterances, vectors)
    timed = sorted((one for one in heard if one.recorded_at), key=lambda one: one.recorded_at or datetime.max)
    typical, unusual = _examples(heard, centroid, question.examples)
    return Profile(
        customer=question.customer,
        recordings=len(heard),
        utterances=len(utterances),
        duration_s=sum(utterance.end_s - utterance.start_s for utterance in utterances),
        first_recorded_at=timed[0].recorded_at if timed else None,
        last_recorded_at=timed[-1].recorded_at if timed else None,
        labels=_label_shares(heard),
        scores=_estimates(np.stack([one.scores for one in heard])),
        period=question.period,
        trend=_trend(timed, question.period, zone),
        centroid=tuple(centroid.tolist()),
        spread=float(np.mean(1.0 - vectors @ centroid)),
        volatility=volatility(np.stack([one.scores for one in timed])) if timed else None,
        typical=typical,
        unusual=unusual,
        nearest=nearest,
    )


def unit_vector(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vector` at length one; vectors that cancel out to zero stay zero."""
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)


def volatility(scores: NDArray[np.float64]) -> float | None:
    """Mean Hellinger distance between consecutive rows of scores, float64 (recordings, 9); None for one row.

    Hellinger distance: sqrt(1 - sum(sqrt(p q))), 0 for equal and 1 for disjoint distributions.
    """
    if len(scores) < 2:
        return None
    roots = np.sqrt(scores)
    closeness = np.clip((roots[1:] * roots[:-1]).sum(axis=1), 0.0, 1.0)
    return float(np.sqrt(1.0 - closeness).mean())


def _unknown_customer(unit: Unit, collection: Collection, question: ProfileQuestion) -> NotFoundError:
    known = unit.collections.customers(collection.collection_id)
    if question.customer in known:
        return NotFoundError(f"customer {question.customer!r} has no recordings in that period")
    shown = ", ".join(known[:20]) + (" …" if len(known) > 20 else "") if known else "none yet"
    return NotFoundError(
        f"collection {collection.name!r} has no customer {question.customer!r}; customers it knows: {shown}"
    )


def _recordings(utterances: Sequence[Utterance], vectors: NDArray[np.float32]) -> list[_Heard]:
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, utterance in enumerate(utterances):
        rows_of[utterance.recording_id].append(row)
    heard = []
    for rows in rows_of.values():
        own = tuple(utterances[row] for row in rows)
        durations = np.array([utterance.end_s - utterance.start_s for utterance in own])
        weights = durations / durations.sum()
        scores = weights @ np.array([utterance.prediction.scores for utterance in own])
        heard.append(_Heard(own, unit_vector(weights.astype(np.float32) @ vectors[rows]), scores))
    return heard


def _label_shares(heard: Sequence[_Heard]) -> dict[str, float]:
    counts = Counter(LABELS[int(one.scores.argmax())] for one in heard)
    return {label: count / len(heard) for label, count in counts.most_common()}


def _estimates(scores: NDArray[np.float64]) -> dict[str, Estimate]:
    """From float64 (recordings, 9); percentile bootstrap over recordings, seeded, so that a profile repeats."""
    means = scores.mean(axis=0)
    if len(scores) < INTERVAL_MIN_RECORDINGS:
        return {
            label: Estimate(mean=float(mean), low=None, high=None) for label, mean in zip(LABELS, means, strict=True)
        }
    counts = np.random.default_rng(0).multinomial(len(scores), np.full(len(scores), 1 / len(scores)), RESAMPLES)
    low, high = np.percentile(counts @ scores / len(scores), [2.5, 97.5], axis=0)
    return {
        label: Estimate(mean=float(means[i]), low=float(low[i]), high=float(high[i])) for i, label in enumerate(LABELS)
    }


def _trend(timed: Sequence[_Heard], period: str, zone: tzinfo) -> tuple[TrendPoint, ...]:
    groups: dict[datetime, list[NDArray[np.float64]]] = defaultdict(list)
    for one in timed:
        assert one.recorded_at is not None
        local = one.recorded_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        groups[PERIODS[period](local).astimezone(UTC)].append(one.scores)
    return tuple(
        TrendPoint(
            start=start,
            recordings=len(scores),
            scores=dict(zip(LABELS, np.mean(scores, axis=0).tolist(), strict=True)),
        )
        for start, scores in sorted(groups.items())
    )


def _examples(
    heard: Sequence[_Heard], centroid: NDArray[np.float32], count: int
) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """The recordings nearest to the centroid and those farthest from it, each shown by its longest utterance."""
    matches = [
        Match(max(one.utterances, key=lambda u: u.end_s - u.start_s), float(np.clip(one.vector @ centroid, -1.0, 1.0)))
        for one in heard
    ]
    ranked = sorted(matches, key=lambda match: (-match.similarity, match.utterance.utterance_id))
    return tuple(ranked[:count]), tuple(reversed(ranked[-count:]))


def _nearest_customers(
    unit: Unit, collection: Collection, space: Space, centroid: NDArray[np.float32], customer: str
) -> tuple[NearestCustomer, ...]:
    """Customers whose centroids are nearest, over all their time."""
    owners = unit.utterances.owners(collection)
    number_of = {name: number for number, name in enumerate(dict.fromkeys(owner for owner, _ in owners.values()))}
    sums = np.zeros((len(number_of), len(centroid)), np.float64)
    recordings: dict[str, set[int]] = defaultdict(set)
    for part in unit.utterances.all_vectors(collection):
        vectors = space.project(part)
        rows = [row for row, one in enumerate(part.ids.tolist()) if one in owners]
        np.add.at(sums, [number_of[owners[int(part.ids[row])][0]] for row in rows], vectors[rows])
    for owner, recording_id in owners.values():
        recordings[owner].add(recording_id)
    found = [
        NearestCustomer(
            customer=name,
            similarity=float(np.clip(unit_vector(sums[number].astype(np.float32)) @ centroid, -1.0, 1.0)),
            recordings=len(recordings[name]),
        )
        for name, number in number_of.items()
        if name != customer
    ]
    return tuple(sorted(found, key=lambda one: (-one.similarity, one.customer))[:NEAREST_CUSTOMERS])
