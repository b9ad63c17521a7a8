"""An archive shared out: its recordings become items of a job, for workers on any host that sees the same uris."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.job import ARCHIVE_JOB, JobProgress
from emovec_db.errors import EmovecError, JobCancelledError
from emovec_db.processes import owner_name
from emovec_db.services.ingest.reading import Candidate, Reading
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import EncodedReading, write
from emovec_db.services.leases import LEASE_S, beating, end_leases
from emovec_db.services.parcels import FILES_PER_ITEM, parcels
from emovec_db.store.store import Store

#: files looked at between two transactions: some items at a time, so that workers begin at once
FILES_AT_ONCE = 8 * FILES_PER_ITEM
#: of what failed before anything was decoded
NOTHING_DECODED = Provenance(backend="none", decode_chain="none")


@dataclass(frozen=True, slots=True)
class Distribution:
    """Queues what a survey finds, while workers begin."""

    store: Store
    collection: Collection
    tally: Tally

    def run(self, found: Iterable[Candidate | Reading]) -> int:
        """The job's id. Killed meanwhile, what was queued is done all the same, and the same again queues the rest."""
        owner = owner_name()
        end_leases(self.store)
        with self.store.write() as unit:
            job_id = unit.jobs.start(self.collection.collection_id, ARCHIVE_JOB, owner, LEASE_S)

        def beat() -> bool:
            with self.store.write() as unit:
                return unit.jobs.hold(job_id, owner, LEASE_S, datetime.now(UTC), self.tally.total)

        try:
            with beating(f"job {job_id}", beat):
                self._queue(job_id, found)
        except BaseException as error:
            self._give_up(job_id, owner, error)
            raise
        with self.store.write() as unit:
            unit.jobs.release(job_id, owner, self.tally.total)
        return job_id

    def _queue(self, job_id: int, found: Iterable[Candidate | Reading]) -> None:
        """What can't even be looked at, and what is stored already, is settled here."""
        iterator = iter(found)
        settled: Counter[str] = Counter()
        keys: set[str] = set()
        while some := list(islice(iterator, FILES_AT_ONCE)):
            failed = [EncodedReading(one, ()) for one in some if isinstance(one, Reading)]
            if failed:
                write(self.store, self.collection, NOTHING_DECODED, failed, job_id, self.tally)
            files = ((one.source.uri, one.as_params()) for one in some if isinstance(one, Candidate))
            items = list(_told_apart(parcels(files, FILES_PER_ITEM), keys))
            news, settled = Counter(self.tally.counts) - settled, Counter(self.tally.counts)
            with self.store.write() as unit:
                if unit.jobs.is_cancelled(job_id):
                    raise JobCancelledError(f"job {job_id} was cancelled: what was stored is kept")
                unit.items.add(job_id, items)
                unit.jobs.settle(job_id, JobProgress(counts=news), failed_by_one=False)
        rest = Counter(self.tally.counts) - settled
        with self.store.write() as unit:
            unit.jobs.settle(job_id, JobProgress(counts=rest), failed_by_one=False)

    def _give_up(self, job_id: int, owner: str, error: BaseException) -> None:
        reason = error.message if isinstance(error, EmovecError) else "interrupted: run the same again to continue"
        with suppress(EmovecError), self.store.write() as unit:
            unit.jobs.give_up(job_id, owner, reason)


def _told_apart(items: Iterable[tuple[str, dict[str, Any]]], keys: set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Items under uris that no other has; one all of whose files were named before is queued already."""
    for _, params in items:
        uri = next((uri for uri, _ in params["files"] if uri not in keys), None)
        if uri is not None:
            keys.add(uri)
            yield uri, params
