"""Where an answer ended, so that the next goes on behind it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final, Self

from emovec_db.domain.query import Match
from emovec_db.errors import QueryError

_WRITTEN: Final = re.compile(
    r"search:([0-9a-f]{16}):([0-9]{1,6}):(-?0x[01]\.[0-9a-f]{1,13}p[+-][0-9]{1,4}):([0-9]{1,18})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCursor:
    """Matches are in the order of similarity, equal ones by id: what lies behind one is known of that one alone."""

    #: of the question; see `services.cursors`
    digest: str
    #: how many matches come up to here
    given: int
    #: of the last of them
    similarity: float
    utterance_id: int

    def is_before(self, match: Match) -> bool:
        """Whether a match comes after what was given."""
        utterance_id = match.utterance.utterance_id
        behind = (-match.similarity, utterance_id) > (-self.similarity, self.utterance_id)
        return behind and utterance_id != self.utterance_id

    def __str__(self) -> str:
        text = f"search:{self.digest}:{self.given}:{self.similarity.hex()}:{self.utterance_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` gave. Raises QueryError."""
        try:
            written = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
        except ValueError:
            written = ""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise QueryError(f"{text!r} is no cursor of a search: expected the next_cursor of the answer before")
        digest, given, similarity, utterance_id = found.groups()
        return cls(
            digest=digest, given=int(given), similarity=float.fromhex(similarity), utterance_id=int(utterance_id)
        )
