"""What matches should be like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Heard
from emovec_db.domain.similar import Examples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unstored:
    """What a recording that need not be stored comes to, a mixture of scores, or an embedding."""

    #: of one row
    heard: Heard
    #: None: it has none of its own, as a bare embedding
    scores: Prediction | None
    #: the one space in which it can be searched; None: any
    only_in: str | None = None
    #: as far as they are told
    customer: str | None = None
    speaker: str | None = None


Sought: TypeAlias = Examples | Unstored
