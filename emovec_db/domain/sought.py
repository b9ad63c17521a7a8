"""What matches should be like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Heard
from emovec_db.domain.similar import Examples, check_number


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
    #: ids of utterances that matches should not be like; they are no matches themselves
    unlike: Sequence[int] = ()

    def __post_init__(self) -> None:
        check_number(len(self.unlike))

    @property
    def identity(self) -> tuple[object, ...]:
        """The same for the same thing; of sound whatever its encoder's last bits are."""
        heard = self.sound or (self.heard.embeddings.tobytes(), self.heard.scores.tobytes())
        return heard, self.heard.people.tolist(), self.customer, self.speaker, self.unlike


Sought: TypeAlias = Examples | Unstored


def but(sought: Sought, unlike: Sequence[int]) -> Sought:
    """The same, and not like these utterances either.

    Raises:
        QueryError: there are too many, or one is what matches should be like.
    """
    # once each: one that is named for all and for one of them weighs no more than others
    return replace(sought, unlike=tuple(dict.fromkeys((*sought.unlike, *unlike))))
