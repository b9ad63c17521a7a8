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
    #: pcm_sha256 of the sound that it was heard in, if it was
    sound: str | None = None
    #: as far as they are told
    customer: str | None = None
    speaker: str | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """The same for the same thing; of sound whatever its encoder's last bits are."""
        heard = self.sound or (self.heard.embeddings.tobytes(), self.heard.scores.tobytes())
        return heard, self.heard.people.tolist(), self.customer, self.speaker


Sought: TypeAlias = Examples | Unstored
