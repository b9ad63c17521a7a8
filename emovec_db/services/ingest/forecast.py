"""What an ingest would do, without doing it: the database is only read, and no file is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import Forecast, Outcome, overlay
from emovec_db.services.ingest.candidates import Candidates
from emovec_db.services.ingest.known import NOTHING, Known
from emovec_db.services.ingest.reading import Candidate, Reading
from emovec_db.services.ingest.survey import CHUNK_FILES
from emovec_db.sources.found import Found
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecaster:
    """Compares found files with what is stored, as `Survey` does, and changes nothing."""

    store: Store
    #: None: it does not exist yet
    collection: Collection | None
    candidates: Candidates

    def of(self, found: Iterable[Found]) -> Iterator[Forecast]:
        """One forecast per recording, in the order found."""
        iterator = iter(found)
        while chunk := list(islice(iterator, CHUNK_FILES)):
            yield from self._of_chunk([self.candidates.of(item) for item in chunk])

    def _of_chunk(self, looked_at: Sequence[Candidate | Reading]) -> Iterator[Forecast]:
        uris = [one.source.uri for one in looked_at if isinstance(one, Candidate)]
        known = NOTHING
        if self.collection is not None:
            with self.store.read() as unit:
                known = Known.of(unit, self.collection, uris)
        for one in looked_at:
            yield from _failed(one) if isinstance(one, Reading) else _forecasts(known, one)


def _forecasts(known: Known, candidate: Candidate) -> Iterator[Forecast]:
    uri, unmoved = candidate.source.uri, known.unmoved(candidate.source)
    refused = known.still_refused(candidate)
    for channel, details in candidate.details.items():
        reason = refused.get(channel) or known.policy.refusal(details.role)
        stored = known.details.get(unmoved.get(channel, -1))
        kept = details if stored is None else overlay(stored, details)
        if reason is not None:
            outcome = Outcome.REFUSED
        elif known.is_apart(candidate) or kept == stored:
            outcome = Outcome.UNCHANGED
        elif stored is not None:
            outcome = Outcome.UPDATED
        else:
            outcome = Outcome.CHANGED if channel in known.stored.get(uri, {}) else Outcome.NEW
        yield Forecast(uri=uri, channel=channel, outcome=outcome, details=kept, reason=reason)


def _failed(reading: Reading) -> Iterator[Forecast]:
    candidate = reading.candidate
    for (channel, details), failure in zip(candidate.details.items(), reading.failures, strict=True):
        yield Forecast(
            uri=failure.uri, channel=channel, outcome=Outcome.FAILED, details=details, reason=failure.message
        )
