"""What a search comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchGroup:
    """What matches of one customer or recording."""

    #: None: the recording has none
    customer: str | None
    #: of groups by recording, and where there is no customer
    recording_id: int | None
    #: the nearest of the group first; at least one
    matches: tuple[Match, ...]

    @property
    def similarity(self) -> float:
        """Of the nearest."""
        return self.matches[0].similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Sequence[Match]):
    """Matches, most similar first; where groups were asked for, group by group."""

    #: in which was searched
    space: str
    matches: tuple[Match, ...]
    #: that with the nearest match first; None: not asked for
    groups: tuple[MatchGroup, ...] | None = None
    #: of what was searched for: the mean, by duration, of what matches should be like; None: it has none
    scores: Prediction | None = None
    #: for the question that goes on behind the last match or group; None: that was all. Where some are passed over,
    #: what comes then may be nothing
    next_cursor: str | None = None

    def __len__(self) -> int:
        return len(self.matches)

    @overload
    def __getitem__(self, at: int) -> Match: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Match]: ...

    def __getitem__(self, at: int | slice) -> Match | Sequence[Match]:
        return self.matches[at]
