"""What an audit of stored utterances found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """How far stored numbers lie from those that the same sound gives today."""

    #: encoded again and compared
    utterances: int
    #: their files are gone or changed: nothing to compare with
    gone: int
    #: compared, but the same bytes decode to other samples than when they were ingested
    decoded_otherwise: int
    #: greatest absolute difference of one number; None where nothing was compared
    max_embedding_deviation: float | None
    max_score_deviation: float | None
    #: least cosine between a stored embedding and today's
    min_cosine: float | None
    #: back ends that made the stored numbers
    backends: tuple[str, ...]
