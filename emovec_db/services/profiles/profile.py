"""A customer's emotion over a period, from their stored recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.profile import Profile
from emovec_db.domain.query import Filter, Match
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.profiles.course import PERIODS, change, scores_of, trend, volatility
from emovec_db.services.profiles.customer_means import CustomerMeans, means_space
from emovec_db.services.profiles.estimates import estimates
from emovec_db.services.profiles.heard import HeardRecording, heard_recordings, in_order_of_time, unit_vector
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

NEAREST_CUSTOMERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileQuestion:
    """Over which time customers are profiled, told how."""

    period: str = "week"
    since: datetime | None = None
    until: datetime | None = None
    #: the recordings from then on are held against those before; None: the newest quarter
    recent_since: datetime | None = None
    #: typical and unusual recordings shown, each
    examples: int = 5

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise QueryError(f"period is {self.period!r}: expected one of {', '.join(PERIODS)}")
        if self.recent_since is not None and self.recent_since.tzinfo is None:
            raise QueryError(f"recent_since is {self.recent_since.isoformat()}, a time without a zone: expected one")

    def filter(self, customer: str) -> Filter:
        """What counts of a customer."""
        return Filter(customer=customer, since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class Profiled:
    """A profile, and what two of them are compared by."""

    profile: Profile
    #: float64 (recordings, 9)
    scores: NDArray[np.float64]
    #: unit vector float32, in the space in which customers are near
    centroid: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Profiler:
    """Sums up customers' utterances, in one transaction."""

    unit: Unit
    collection: Collection
    space: Space
    zone: tzinfo
    #: shared by the whole process
    means: CustomerMeans

    def profile(self, customer: str, question: ProfileQuestion) -> Profiled:
        """Sum up a customer's utterances.

        Raises:
            NotFoundError: the customer has no utterances in the period; names the customers that are known.
        """
        ids = self.unit.utterances.ids(self.collection, question.filter(customer))
        found = self.unit.utterances.vectors(self.collection, ids)
        if not len(found.ids):
            raise self._unknown(customer)
        rows = self.unit.utterances.rows(self.collection, found.ids.tolist())
        utterances = [rows[utterance_id] for utterance_id in found.ids.tolist()]
        vectors, nearness = self.space.project(found), means_space(self.space)
        centroid = unit_vector(vectors.mean(axis=0))
        compared = centroid if nearness is self.space else unit_vector(nearness.project(found).mean(axis=0))
        heard = heard_recordings(utterances, vectors)
        scores, timed = np.stack([one.scores for one in heard]), in_order_of_time(heard)
        typical, unusual = _examples(heard, centroid, question.examples)
        means = self.means.at(self.unit, self.collection, nearness)
        profile = Profile(
            customer=customer,
            recordings=len(heard),
            utterances=len(utterances),
            duration_s=sum(utterance.end_s - utterance.start_s for utterance in utterances),
            first_recorded_at=timed[0].recorded_at if timed else None,
            last_recorded_at=timed[-1].recorded_at if timed else None,
            labels=_label_shares(heard),
            scores=estimates(scores),
            period=question.period,
            trend=trend(timed, question.period, self.zone),
            change=change(timed, question.recent_since),
            space=self.space.name,
            centroid=tuple(centroid.tolist()),
            spread=float(np.mean(1.0 - vectors @ centroid)),
            volatility=volatility(scores_of(timed)),
            typical=typical,
            unusual=unusual,
            nearest_space=nearness.name,
            nearest=means.nearest(compared, NEAREST_CUSTOMERS, but=customer),
        )
        return Profiled(profile, scores, compared)

    def _unknown(self, customer: str) -> NotFoundError:
        known = self.unit.collections.customers(self.collection.collection_id)
        if customer in known:
            return NotFoundError(f"customer {customer!r} has no recordings in that period")
        shown = ", ".join(known[:20]) + (" …" if len(known) > 20 else "") if known else "none yet"
        return NotFoundError(
            f"collection {self.collection.name!r} has no customer {customer!r}; customers it knows: {shown}"
        )


def _label_shares(heard: Sequence[HeardRecording]) -> dict[str, float]:
    counts = Counter(LABELS[int(one.scores.argmax())] for one in heard)
    return {label: count / len(heard) for label, count in counts.most_common()}


def _examples(
    heard: Sequence[HeardRecording], centroid: NDArray[np.float32], count: int
) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """The recordings nearest to the centroid and those farthest from it, each shown by its longest utterance."""
    matches = [
        Match(max(one.utterances, key=lambda u: u.end_s - u.start_s), float(np.clip(one.vector @ centroid, -1.0, 1.0)))
        for one in heard
    ]
    ranked = sorted(matches, key=lambda match: (-match.similarity, match.utterance.utterance_id))
    return tuple(ranked[:count]), tuple(reversed(ranked[-count:] if count else []))
