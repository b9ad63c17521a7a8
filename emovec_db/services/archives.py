"""Ingesting folders, globs, files and manifests: as one foreground job, or shared out to workers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import Forecast, IngestReport, IngestRequest
from emovec_db.domain.job import ARCHIVE_JOB, Job
from emovec_db.errors import QueryError, UnreadableError
from emovec_db.processes import owner_name
from emovec_db.services.distribution import Distribution
from emovec_db.services.foreground import held
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.candidates import Candidates
from emovec_db.services.ingest.counting import counting
from emovec_db.services.ingest.forecast import Forecaster
from emovec_db.services.ingest.reading import Candidate, Reading, look_again
from emovec_db.services.ingest.survey import Survey
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.leases import LEASE_S, end_leases
from emovec_db.services.suppression import lifts_up_to
from emovec_db.sources.finding import count, find, manifest_of
from emovec_db.sources.found import Found
from emovec_db.sources.local import path_of
from emovec_db.sources.manifest.manifest import is_row
from emovec_db.sources.places import Places, is_gone
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True)
class Archives:
    """Runs ingests of archives in this process."""

    store: Store
    zone: tzinfo
    places: Places
    #: an Ingest for (collection, job id, tally)
    ingest_for: Callable[[Collection, int, Tally], Ingest]

    def ingest(
        self,
        collection: Collection,
        request: IngestRequest,
        *,
        only: Callable[[Iterable[Found]], Iterable[Found]] = iter,
    ) -> IngestReport:
        """Take what the request names; files that are stored in their present state are passed over.

        `only` may leave some of what is found for later.

        Raises:
            QueryError, MissingPartError, UnreadableError, NotAudioError: the manifest can't be used.
        """
        ignored: Counter[str] = Counter()
        tally = Tally()
        self._forget_rows(collection, request)
        self._forget_readable(collection)
        found = only(find(request, self.zone, self.places.remote, ignored))
        with counting(count(request, self.zone, self.places.remote), tally):
            self._run(collection, self._survey(collection, request, found, tally), tally)
        if ignored:
            kinds = ", ".join(f"{kind} × {count}" for kind, count in ignored.most_common(10))
            tally.note(f"passed over, no recordings by their names: {kinds}")
        return tally.report()

    def ingest_found(self, collection: Collection, request: IngestRequest, found: Sequence[Found]) -> IngestReport:
        """Take these of what the request names, files of this machine, in the same way."""
        tally = Tally()
        self._run(collection, self._survey(collection, request, found, tally), tally)
        return tally.report()

    def distribute(self, collection: Collection, request: IngestRequest, queued: Callable[[Job], None]) -> Job:
        """Queue what the request names for workers; the job, once everything is queued. Raises as `ingest`."""
        tally = Tally()
        self._forget_rows(collection, request)
        self._forget_readable(collection)
        found = find(request, self.zone, self.places.remote, Counter())
        surveyed = self._survey(collection, request, found, tally)
        with counting(count(request, self.zone, self.places.remote), tally):
            return Distribution(self.store, collection, tally, queued).run(surveyed)

    def forecast(self, collection: Collection | None, request: IngestRequest) -> Iterator[Forecast]:
        """What `ingest` would do, as far as that shows without opening a recording; nothing is written."""
        candidates = Candidates.of_request(request, self.zone, note=lambda _note: None)
        forecaster = Forecaster(store=self.store, collection=collection, candidates=candidates)
        return forecaster.of(find(request, self.zone, self.places.remote, Counter()))

    def retry_failed(self, collection: Collection) -> IngestReport:
        """Try every recording again that failed, with what was known of it then."""
        with self.store.read() as unit:
            failed = unit.failures.of_collection(collection.collection_id)
        kept = [item for item in failed if not is_row(item.uri)]
        failures = [item for item in kept if not is_gone(item.uri)]
        vanished = sorted({item.uri for item in kept} - {item.uri for item in failures})
        if vanished:
            with self.store.write() as unit:
                unit.failures.clear(collection.collection_id, vanished)
        again = (look_again(self.places, item.uri, item.params) for item in failures)
        tally = Tally(total=sum(len(item.params["details"]) for item in failures))
        for uri in vanished:
            tally.note(f"{uri} failed before and is gone now: forgotten")
        if len(kept) < len(failed):
            tally.note(
                f"{len(failed) - len(kept)} rows of manifests made no sense: mend and ingest the manifests again"
            )
        self._run(collection, again, tally)
        return tally.report()

    def _survey(
        self, collection: Collection, request: IngestRequest, found: Iterable[Found], tally: Tally
    ) -> Iterator[Candidate | Reading]:
        """What has to be read of what was found, lazily."""
        lifted = lifts_up_to(self.store, collection, request)
        candidates = Candidates.of_request(request, self.zone, tally.note, lifts_up_to=lifted)
        return Survey(store=self.store, collection=collection, candidates=candidates, tally=tally).of(found)

    def _forget_rows(self, collection: Collection, request: IngestRequest) -> None:
        """Rows of the manifest that made no sense earlier: it may have been mended, and rows have other numbers now."""
        manifest = manifest_of(request, self.zone)
        if manifest is None:
            return
        with self.store.write() as unit:
            kept = unit.failures.of_collection(collection.collection_id)
            rows = [item.uri for item in kept if item.uri.startswith(f"{manifest.uri}#")]
            unit.failures.clear(collection.collection_id, rows)

    def _forget_readable(self, collection: Collection) -> None:
        """What could not be read while its medium was away: folders, and what is stored. It fails again if it does."""
        with self.store.read() as unit:
            uris = unit.failures.uris(collection.collection_id, UnreadableError.code)
            stored = {uri for uri, _ in unit.recordings.sources(collection.collection_id, uris)}
        readable = [uri for uri in uris if _is_readable(uri, folder=uri not in stored)]
        if readable:
            with self.store.write() as unit:
                unit.failures.clear(collection.collection_id, readable)

    def _run(self, collection: Collection, items: Iterable[Candidate | Reading], tally: Tally) -> None:
        owner = owner_name()
        end_leases(self.store)
        with self.store.write() as unit:
            job_id = unit.jobs.start(collection.collection_id, ARCHIVE_JOB, owner, LEASE_S, total=tally.total)
        with held(self.store, job_id, owner, tally, interrupted="interrupted: run the same ingest again to continue"):
            self.ingest_for(collection, job_id, tally).run(items)


def _is_readable(uri: str, *, folder: bool) -> bool:
    """Whether a folder, or a file, lies there and may be read."""
    try:
        path = path_of(uri)
    except QueryError:  # no local file
        return False
    return path.is_dir() == folder and os.access(path, os.R_OK)
