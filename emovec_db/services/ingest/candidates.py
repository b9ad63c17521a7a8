"""From what was found to what should be taken from it, by all that is known without opening it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from emovec_db.domain.ingest import IngestRequest
from emovec_db.domain.path_pattern import PathPattern
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError
from emovec_db.services.ingest.reading import Candidate, Reading, failed, look_at
from emovec_db.sources.found import Found


@dataclass(frozen=True, slots=True)
class Candidates:
    """Knows what the request says of every recording."""

    request: IngestRequest
    pattern: PathPattern | None
    #: called with remarks that are no failures
    note: Callable[[str], None]
    #: see `Candidate`
    lifts_up_to: int = 0

    @classmethod
    def of_request(
        cls, request: IngestRequest, zone: tzinfo, note: Callable[[str], None], *, lifts_up_to: int = 0
    ) -> Candidates:
        """Raises QueryError for a pattern that is none."""
        pattern = PathPattern.parse(request.customer_from, zone) if request.customer_from else None
        return cls(request, pattern, note, lifts_up_to)

    def of(self, found: Found) -> Candidate | Reading:
        """A candidate to read, or the failed reading of what can't even be looked at."""
        try:
            matched = None if found.error else self._matched(found)
            details = self.request.details_by_channel(matched, found.told)
        except QueryError as error:
            unmatched = dict.fromkeys(self.request.channels, self.request.details)
            return failed(found.uri, unmatched, error, lifts_up_to=self.lifts_up_to)
        if found.error is not None:
            return failed(found.uri, details, found.error, lifts_up_to=self.lifts_up_to)
        if isinstance(found.place, Path):
            return look_at(found.place, found.uri, details, lifts_up_to=self.lifts_up_to)
        if found.place.is_shortened:
            self.note(f"{found.uri} is stored without its address's query, which may hold a secret")
        assert found.source is not None, "`find` asks for it"
        return Candidate(place=found.place, source=found.source, details=details, lifts_up_to=self.lifts_up_to)

    def _matched(self, found: Found) -> Details | None:
        matched = self.pattern.match(found.relative) if self.pattern else None
        if self.pattern and matched is None:
            self.note(
                f"{found.relative} does not match {self.request.customer_from!r}: stored without the pattern's details"
            )
        return matched
