"""Why a match may be one, in terms of scores and people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more of a label is heard in a match than in what was searched for."""

    label: str
    #: the match's score less the query's, -1 to 1
    more: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What of a match differs from what was searched for, and what is the same."""

    #: the greatest first; of scores that are nearly the same, and where the query has none, there is nothing
    differences: tuple[Difference, ...]
    #: None: not known of one of them
    same_recording: bool | None
    same_customer: bool | None
    same_speaker: bool | None
