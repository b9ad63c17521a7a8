"""Ingesting folders, globs and files as one foreground job."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestReport, IngestRequest
from emovec_db.domain.job import ARCHIVE_JOB, JobState
from emovec_db.domain.path_pattern import PathPattern
from emovec_db.errors import EmovecError
from emovec_db.processes import owner_name
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import Candidate, Reading, look_again
from emovec_db.services.ingest.survey import Survey
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.leases import LEASE_S, beating, end_leases
from emovec_db.sources.folders import find_recordings
from emovec_db.sources.local import path_of
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True)
class Archives:
    """Runs ingests of archives in this process."""

    store: Store
    zone: tzinfo
    #: an Ingest for (collection, job id, tally)
    ingest_for: Callable[[Collection, int, Tally], Ingest]

    def ingest(self, collection: Collection, request: IngestRequest) -> IngestReport:
        """Walk the request's paths; files that are stored in their present state are passed over."""
        ignored: Counter[str] = Counter()
        tally = Tally(total=_count(request.paths) * len(request.channels))
        survey = Survey(
            store=self.store,
            collection=collection,
            request=request,
            pattern=PathPattern.parse(request.customer_from, self.zone) if request.customer_from else None,
            tally=tally,
        )
        self._run(collection, survey.of(find_recordings(request.paths, ignored=ignored)), tally)
        if ignored:
            kinds = ", ".join(f"{kind} × {count}" for kind, count in ignored.most_common(10))
            tally.note(f"passed over, no recordings by their names: {kinds}")
        return tally.report()

    def retry_failed(self, collection: Collection) -> IngestReport:
        """Try every recording again that failed, with what was known of it then."""
        with self.store.read() as unit:
            kept = unit.failures.of_collection(collection.collection_id)
        failures = [item for item in kept if os.path.lexists(path_of(item.uri))]
        vanished = sorted({item.uri for item in kept} - {item.uri for item in failures})
        if vanished:
            with self.store.write() as unit:
                unit.failures.clear(collection.collection_id, vanished)
        again = [look_again(item.uri, item.params) for item in failures]
        tally = Tally(total=sum(len(item.params["details"]) for item in failures))
        for uri in vanished:
            tally.note(f"{uri} failed before and is gone now: forgotten")
        self._run(collection, again, tally)
        return tally.report()

    def _run(self, collection: Collection, items: Iterable[Candidate | Reading], tally: Tally) -> None:
        owner = owner_name()
        end_leases(self.store)
        with self.store.write() as unit:
            job_id = unit.jobs.start(collection.collection_id, ARCHIVE_JOB, owner, LEASE_S, total=tally.total)

        def beat() -> bool:
            with self.store.write() as unit:
                return unit.jobs.heartbeat(job_id, owner, LEASE_S, datetime.now(UTC), tally.settled())

        state = JobState.FAILED
        error: str | None = "interrupted: run the same ingest again to continue"
        try:
            with beating(f"job {job_id}", beat):
                self.ingest_for(collection, job_id, tally).run(items)
            state, error = JobState.DONE, None
        except EmovecError as failure:
            error = failure.message
            raise
        finally:
            with self.store.write() as unit:
                unit.jobs.finish(job_id, owner, state, tally.settled(), error)


def _count(paths: Sequence[str]) -> int:
    """Only names are looked at, so that the progress can tell how much is left."""
    return sum(1 for _found in find_recordings(paths, ignored=Counter()))
