"""Stored utterances that somebody picked one by one, such as those within a line drawn on a map."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from emovec_db.domain.recording import Utterance

MAX_SELECTED: Final = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """What is stored of them, in the order in which they were picked."""

    utterances: tuple[Utterance, ...]
    #: how many of those that were asked for are not stored, or not any more
    missing: int

    def labels(self) -> dict[str, int]:
        """Utterances by label, the most frequent first."""
        return dict(Counter(one.prediction.label for one in self.utterances).most_common())

    def customers(self) -> tuple[tuple[str | None, int], ...]:
        """Customers and how many of the utterances are theirs, the most frequent first."""
        return tuple(Counter(one.customer for one in self.utterances).most_common())

    @property
    def duration_s(self) -> float:
        """Of all of them together."""
        return sum(one.end_s - one.start_s for one in self.utterances)
