"""Which found files need to be read: those that the collection does not hold in their present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import overlay
from emovec_db.domain.recording import Details
from emovec_db.errors import NotFoundError, RefusedError
from emovec_db.services.ingest.candidates import Candidates
from emovec_db.services.ingest.known import Known
from emovec_db.services.ingest.reading import Candidate, Reading
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import LEFT_APART
from emovec_db.services.patience import patiently
from emovec_db.sources.found import Found
from emovec_db.store.store import Store

#: files looked up in one query
CHUNK_FILES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Compares found files with what is stored, a chunk at a time."""

    store: Store
    collection: Collection
    candidates: Candidates
    tally: Tally

    def of(self, found: Iterable[Found]) -> Iterator[Candidate | Reading]:
        """Candidates to read, and failed readings of files that can't even be looked at."""
        iterator = iter(found)
        total = 0
        while chunk := list(islice(iterator, CHUNK_FILES)):
            looked_at = [self.candidates.of(item) for item in chunk]
            total += sum(len(one.details) for one in looked_at)
            yield from (one for one in looked_at if isinstance(one, Reading))
            yield from self._changed([one for one in looked_at if isinstance(one, Candidate)])
        self.tally.total = total

    def _changed(self, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        """Those that must be read; what is known of the others is counted, and brought up to date."""
        known = patiently(lambda: self._known(candidates))
        updates: list[tuple[Candidate, str, int, Details]] = []
        for candidate in candidates:
            if known.is_apart(candidate):
                self.tally.count("unchanged")
                self.tally.remark(LEFT_APART)
                continue
            left = self._without_refused(candidate, known.still_refused(candidate))
            unmoved = known.unmoved(candidate.source)
            if not unmoved.keys() >= left.details.keys():
                yield left
                continue
            for channel, details in left.details.items():
                recording_id = unmoved[channel]
                merged = overlay(known.details[recording_id], details)
                if merged == known.details[recording_id]:
                    self.tally.count("unchanged")
                else:
                    updates.append((left, channel, recording_id, merged))
        yield from self._update(updates)

    def _known(self, candidates: Sequence[Candidate]) -> Known:
        with self.store.read() as unit:
            return Known.of(unit, self.collection, [candidate.source.uri for candidate in candidates])

    def _without_refused(self, candidate: Candidate, reasons: Mapping[str, str]) -> Candidate:
        for reason in reasons.values():
            self.tally.refuse(reason)
        left = {channel: details for channel, details in candidate.details.items() if channel not in reasons}
        return replace(candidate, details=left) if reasons else candidate

    def _update(self, updates: Sequence[tuple[Candidate, str, int, Details]]) -> Iterator[Candidate]:
        """Later details for the same uri win. What the policy forbids by them is read again, to be taken out; so is
        what was deleted meanwhile.
        """
        if not updates:
            return
        again = patiently(lambda: self._try_to_update(updates))
        self.tally.count("updated", len(updates) - len(again))
        yield from again

    def _try_to_update(self, updates: Sequence[tuple[Candidate, str, int, Details]]) -> list[Candidate]:
        again = []
        with self.store.write() as unit:
            for candidate, channel, recording_id, details in updates:
                try:
                    unit.recordings.update_details(recording_id, details)
                except (RefusedError, NotFoundError):
                    again.append(replace(candidate, details={channel: candidate.details[channel]}))
        return again
