"""How much there is, and of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: what counts can be told by
FACETS: Final = ("label", "customer", "speaker", "role", "channel", "voice", "month")
MAX_VALUES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Count:
    """How much fulfils a filter."""

    utterances: int
    #: that have at least one of them
    recordings: int


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How much there is of one value of a field."""

    #: None: of what it is not known; a month is its first seven characters in ISO 8601, in UTC
    value: str | None
    count: Count
