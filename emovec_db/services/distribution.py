"""An archive shared out: its recordings become items of a job, for workers on any host that sees the same uris."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.job import ARCHIVE_JOB, Job, JobProgress
from emovec_db.errors import ConflictError, EmovecError, JobCancelledError
from emovec_db.processes import owner_name
from emovec_db.services.ingest.reading import Candidate, Reading
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import Displaced, EncodedReading, write
from emovec_db.services.leases import LEASE_S, beating, end_leases
from emovec_db.services.parcels import FILES_PER_ITEM, parcels
from emovec_db.services.patience import patiently
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
    #: called with the job whenever more is queued
    queued: Callable[[Job], None]

    def run(self, found: Iterable[Candidate | Reading]) -> Job:
        """The job. Killed meanwhile, what was queued is done all the same, and the same again queues the rest."""
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
        return patiently(lambda: self._release(job_id, owner))

    def _queue(self, job_id: int, found: Iterable[Candidate | Reading]) -> None:
        """What can't even be looked at, and what is stored already, is settled here."""
        iterator = iter(found)
        settled: Counter[str] = Counter()
        keys: set[str] = set()
        while some := list(islice(iterator, FILES_AT_ONCE)):
            failed = [EncodedReading(one, ()) for one in some if isinstance(one, Reading)]
            if failed:
                self._write(failed, job_id)
            files = ((one.source.uri, one.as_params()) for one in some if isinstance(one, Candidate))
            items = list(_told_apart(parcels(files, FILES_PER_ITEM), keys))
            news, settled = Counter(self.tally.counts) - settled, Counter(self.tally.counts)
            self.queued(self._add(job_id, items, news))
        self._add(job_id, [], Counter(self.tally.counts) - settled)

    def _write(self, failed: Sequence[EncodedReading], job_id: int) -> None:
        patiently(lambda: write(self.store, self.collection, NOTHING_DECODED, failed, job_id, self.tally, Displaced()))

    def _add(self, job_id: int, items: Sequence[tuple[str, Mapping[str, Any]]], news: Counter[str]) -> Job:
        tries = count(1)

        def add() -> Job:
            attempt = next(tries)
            try:
                with self.store.write() as unit:
                    if unit.jobs.is_cancelled(job_id):
                        raise JobCancelledError(f"job {job_id} was cancelled: what was stored is kept")
                    unit.items.add(job_id, items)
                    unit.jobs.settle(job_id, JobProgress(counts=news), failed_by_one=False)
            except ConflictError:
                if attempt == 1:
                    raise
                # the first try was committed, only its answer was lost
            with self.store.read() as unit:
                return unit.jobs.get(job_id)

        return patiently(add)

    def _release(self, job_id: int, owner: str) -> Job:
        with self.store.write() as unit:
            unit.jobs.release(job_id, owner, self.tally.total)
            return unit.jobs.get(job_id)

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
