"""Encoding a collection anew: what is wished for, what came of it, and how labels would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from emovec_db.domain.collection import Generation
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.ingest import IngestFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a collection should be made of instead; None: as it is now."""

    #: a name or a directory
    encoder: str | None = None
    #: None with another encoder: as for new collections
    precision: str | None = None
    #: pauses or windows
    segmentation: str | None = None


class ReencodeOutcome(StrEnum):
    """How a re-encoding ended."""

    #: the collection serves from the generation
    SWITCHED = "switched"
    #: it did so before: there was nothing to do
    UNCHANGED = "unchanged"
    #: recordings would be lost, so it serves from the generation that it served from before
    HELD_BACK = "held_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReencodeReport:
    """What came of encoding a collection anew."""

    outcome: ReencodeOutcome
    #: that it serves from, or would serve from
    generation: Generation
    #: recordings that were encoded in this run
    encoded: int = 0
    #: recordings that can't be encoded any more, and why
    lost: tuple[IngestFailure, ...] = ()
    #: of those, how many were uploaded: their only copy is kept with the collection
    uploads_lost: int = 0
    #: how many lost recordings were deleted so that the collection could switch
    deleted: int = 0
    seconds: float = 0.0
    #: sound encoded, seconds
    duration_s: float = 0.0

    @property
    def held_back(self) -> bool:
        return self.outcome is ReencodeOutcome.HELD_BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChange:
    """What a generation says of a recording, and what another recipe would say."""

    recording_id: int
    uri: str
    before: Prediction
    after: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChanges:
    """How the labels of a sample of recordings would change."""

    #: encoder ids
    before: str
    after: str
    #: recordings that were compared
    recordings: int
    #: recordings by label before and label after, the most frequent first
    moves: Mapping[tuple[str, str], int]
    #: mean change of each of the nine scores
    score_changes: Mapping[str, float]
    #: mean absolute change of a score
    mean_score_change: float
    #: recordings whose label changes, the surest of the new label first
    examples: tuple[LabelChange, ...]
    #: recordings of the sample that can't be encoded any more, and why
    lost: tuple[IngestFailure, ...]
    #: sound encoded, and how long that took
    duration_s: float
    seconds: float
    #: sound in the whole collection
    total_duration_s: float

    @property
    def agreement(self) -> float:
        """Share of recordings whose label stays, 0 to 1."""
        same = sum(count for (before, after), count in self.moves.items() if before == after)
        return same / self.recordings if self.recordings else 0.0
