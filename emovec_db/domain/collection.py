"""Collections and the generation that each one serves from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from emovec_db.domain.encoding import EncoderIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One encoder and one segmentation over a collection."""

    generation_id: int
    encoder: EncoderIdentity
    #: name or directory under which the encoder was asked for
    encoder_source: str
    #: for example ``windows-1``
    segmentation: str


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
    duration_s: float
