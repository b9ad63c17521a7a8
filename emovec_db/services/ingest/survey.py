"""Which found files need to be read: those that the collection does not hold in their present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestRequest, overlay
from emovec_db.domain.path_pattern import PathPattern
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError
from emovec_db.services.ingest.reading import Candidate, Reading, failed, look_at
from emovec_db.services.ingest.tally import Tally
from emovec_db.sources.found import Found
from emovec_db.store.store import Store

#: files looked up in one query
CHUNK_FILES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Compares found files with what is stored, a chunk at a time."""

    store: Store
    collection: Collection
    request: IngestRequest
    pattern: PathPattern | None
    tally: Tally

    def of(self, found: Iterable[Found]) -> Iterator[Candidate | Reading]:
        """Candidates to read, and failed readings of files that can't even be looked at."""
        iterator = iter(found)
        while chunk := list(islice(iterator, CHUNK_FILES)):
            looked_at = [self._candidate(item) for item in chunk]
            yield from (one for one in looked_at if isinstance(one, Reading))
            yield from self._changed([one for one in looked_at if isinstance(one, Candidate)])

    def _candidate(self, found: Found) -> Candidate | Reading:
        unmatched = dict.fromkeys(self.request.channels, self.request.details)
        if found.error is not None:
            return failed(found.path, found.uri, unmatched, found.error)
        try:
            matched = self.pattern.match(found.relative) if self.pattern else None
        except QueryError as error:
            return failed(found.path, found.uri, unmatched, error)
        if self.pattern and matched is None:
            self.tally.note(
                f"{found.relative} does not match {self.request.customer_from!r}: stored without the pattern's details"
            )
        details = {channel: self.request.details_of(channel, matched) for channel in self.request.channels}
        return look_at(found.path, found.uri, details)

    def _changed(self, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        with self.store.read() as unit:
            uris = [candidate.source.uri for candidate in candidates]
            known = unit.recordings.sources(self.collection.collection_id, uris)
            kept = unit.recordings.details_of([recording_id for recording_id, _ in known.values()])
        updates: dict[int, Details] = {}
        for candidate in candidates:
            entries = {channel: known.get((candidate.source.uri, channel)) for channel in candidate.details}
            ids = {channel: entry[0] for channel, entry in entries.items() if entry and entry[1] == candidate.source}
            if len(ids) < len(entries):
                yield candidate
                continue
            for channel, recording_id in ids.items():
                merged = overlay(kept[recording_id], candidate.details[channel])
                if merged == kept[recording_id]:
                    self.tally.count("unchanged")
                else:
                    updates[recording_id] = merged
        self._update(updates)

    def _update(self, updates: dict[int, Details]) -> None:
        """Later details for the same uri win."""
        if not updates:
            return
        with self.store.write() as unit:
            for recording_id, details in updates.items():
                unit.recordings.update_details(recording_id, details)
        self.tally.count("updated", len(updates))
