"""Collections and the generation that each one serves from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a generation was asked to be made of; two generations that differ in any of it never mix."""

    #: name or directory under which the encoder was asked for
    encoder_source: str
    #: how recordings are cut, for example ``pauses-1``
    segmentation: str
    #: treatments of the sound before it is cut and encoded, in their order, for example ``("high-pass-1",)``
    cleaning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What whoever opens a collection asks of its recipe; None: as it is, or for a new collection the default."""

    #: pauses or windows
    segmentation: str | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One recipe over a collection, and what its encoder turned out to be."""

    generation_id: int
    encoder: EncoderIdentity
    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A named set of recordings bound to one encoder through its active generation."""

    collection_id: int
    name: str
    created_at: datetime
    generation: Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSummary:
    """A collection and how much is in it (active generation only)."""

    collection: Collection
    recordings: int
    utterances: int
    customers: int
    failures: int
    #: recordings that the policy keeps out
    refusals: int
    #: recordings that were deleted and stay out
    suppressions: int
    policy: Policy
    duration_s: float
