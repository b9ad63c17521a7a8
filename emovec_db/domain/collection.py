"""Collections and the generation that each one serves from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.domain.policy import Policy
from emovec_db.errors import QueryError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def can_name_collection(name: str) -> bool:
    """Whether a collection may be called so: 1 to 64 of A-Z a-z 0-9 _ . -, the first a letter or digit."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a generation was asked to be made of; two generations that differ in any of it never mix."""

    #: name or directory under which the encoder was asked for
    encoder_source: str
    #: how recordings are cut, for example ``pauses-1``
    segmentation: str
    #: treatments of the sound before it is cut and encoded, in their order, for example ``("high-pass-1",)``
    cleaning: tuple[str, ...] = ()
    #: who tells voices apart, for example ``campplus-1@1f2e3d4c5b6a``; None: nobody, each recording is one voice
    diarization: str | None = None
    #: how many voices each recording has; None: the diarizer finds out
    voices: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What whoever opens a collection asks of its recipe; None: as it is, or for a new collection the default."""

    #: pauses or windows
    segmentation: str | None = None
    #: kinds of treatments, for example ``("high-pass",)``, in any order
    cleaning: tuple[str, ...] | None = None
    #: campplus or pyannote: tell voices apart
    diarize: str | None = None
    #: how many each recording has
    voices: int | None = None

    def __post_init__(self) -> None:
        if self.voices is not None and self.voices < 1:
            raise QueryError(f"{self.voices} voices are asked for: expected 1 or more")
        if self.voices is not None and self.diarize is None:
            raise QueryError("how many voices there are is told, and not who tells them apart: name a diarizer too")


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One recipe over a collection, and what its encoder turned out to be."""

    generation_id: int
    encoder: EncoderIdentity
    recipe: Recipe

    def is_made_by(self, encoder: EncoderIdentity, recipe: Recipe) -> bool:
        """Whether these would give the same numbers, from wherever the encoder is loaded."""
        return self.encoder.same_space(encoder) and recipe == replace(self.recipe, encoder_source=recipe.encoder_source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A named set of recordings bound to one encoder through its active generation."""

    collection_id: int
    name: str
    created_at: datetime
    #: the active one when this was read; of `store.generations.Generations` also another
    generation: Generation


class GenerationState(StrEnum):
    """What a generation is to its collection."""

    #: the collection serves from it
    ACTIVE = "active"
    #: it never served yet
    BUILDING = "building"
    #: the collection served from it before
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSummary:
    """A generation and how much of its collection is in it."""

    generation: Generation
    state: GenerationState
    recordings: int
    #: recordings of the collection that it lacks
    missing: int
    created_at: datetime
    #: when the collection last began to serve from it
    activated_at: datetime | None


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
