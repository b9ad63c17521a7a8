"""A worker's step: one item of a job, from the claim to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emovec_db.domain.ingest import StoredBefore
from emovec_db.domain.job import UPLOAD_JOB, Job, JobItem, JobState
from emovec_db.domain.policy import Refusal
from emovec_db.errors import CrashedError, EmovecError, JobCancelledError, RefusedError, SuppressedError, UserError
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import failure_of
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.leases import LEASE_S, beating, end_leases
from emovec_db.services.parcels import files_of, ingest_parcel, parcels
from emovec_db.services.patience import patiently
from emovec_db.services.suppression import REASON
from emovec_db.services.uploads import Uploads
from emovec_db.store.store import Store

#: how often an item is taken up before it is set aside: it may be what kills its workers
MAX_ATTEMPTS = 3
#: pause before an item is tried again after an error that is not its own
PAUSE_S = 5.0

#: of an upload that was stored before, what became of what was said of it; an item has the code and the words
STORED_BEFORE = {
    StoredBefore.CHANNELS_KEPT: (
        "its channels are stored each for itself, so their mix was left out and what was said of it not taken; "
        "to change what is known of the channels, send the file again with its channels named"
    ),
    StoredBefore.DETAILS_KEPT: (
        "it came from elsewhere before, so what was said of it now was not taken; to change what is known of it, "
        "send it once more under the same name"
    ),
    StoredBefore.DETAILS_CHANGED: "what was known of it was changed to what was said now",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobWork:
    """Does items of jobs; any number of workers may."""

    store: Store
    uploads: Uploads
    #: an Ingest on behalf of a job
    ingest_for: Callable[[Job, Tally], Ingest]

    def run_next(self, owner: str, *, item_id: int | None = None) -> Job | None:
        """Do one item that waits, or whose worker died (of this id, or any); its job. None: nothing to do.

        Raises:
            EmovecError: something failed that is not the item's fault; the item waits for another try.
        """
        end_leases(self.store)
        with self.store.write() as unit:
            item = unit.items.claim(owner, LEASE_S, datetime.now(UTC), item_id=item_id)
            if item is None:
                return None
            job = unit.jobs.get(item.job_id)
        if item.attempts > MAX_ATTEMPTS:
            self._set_aside(job, item, owner)
        elif item.attempts > 1 and job.kind != UPLOAD_JOB and len(files_of(item)) > 1:
            self._split(item, owner)
        else:
            self._run(job, item, owner)
        with self.store.read() as unit:
            return unit.jobs.get(item.job_id)

    def _run(self, job: Job, item: JobItem, owner: str) -> None:
        tally = Tally()
        recording_ids: list[int] = []
        cancelled = False
        try:
            with beating(f"item {item.item_id}", lambda: self._beat(item, owner)):
                ingest = self.ingest_for(job, tally)
                if job.kind == UPLOAD_JOB:
                    recording_ids = self.uploads.ingest(item, ingest)
                else:
                    ingest_parcel(item, ingest)
        except JobCancelledError:
            cancelled = True
        except UserError as error:
            self._fail(job, item, owner, error)
            return
        except EmovecError:
            self._put_back(item, owner, attempts=item.attempts - 1)
            raise
        except Exception:
            self._put_back(item, owner, attempts=item.attempts)
            raise
        patiently(lambda: self._end(job, item, owner, tally, recording_ids, cancelled=cancelled))

    def _end(
        self,
        job: Job,
        item: JobItem,
        owner: str,
        tally: Tally,
        recording_ids: Sequence[int] = (),
        *,
        cancelled: bool = False,
    ) -> None:
        """What became of an item, in it and in its job; nothing where another worker has taken it over meanwhile."""
        if job.kind != UPLOAD_JOB:
            with self.store.write() as unit:
                if unit.items.drop(item.item_id, owner):
                    unit.jobs.settle(job.job_id, tally.settled(), failed_by_one=False)
            return
        failure = tally.errors[0] if tally.errors else None
        state = JobState.CANCELLED if cancelled else JobState.FAILED if failure else JobState.DONE
        code, message = (failure.code, failure.message) if failure else (None, None)
        with self.store.write() as unit:
            if not failure:
                refusals = unit.refusals.of(unit.collections.get(job.collection).collection_id, [item.uri])
                code, message = _kept_out(tuple(refusals.values()), suppressed=tally.counts["suppressed"] > 0)
            if code is None:
                code, message = _said_before(tally.stored_before)
            if unit.items.finish(item.item_id, owner, state, code, message, recording_ids):
                unit.jobs.settle(job.job_id, tally.settled(), failed_by_one=True)
        self.uploads.drop_if_unused(item)

    def _fail(self, job: Job, item: JobItem, owner: str, error: EmovecError) -> None:
        """The item as a whole can't be done: all its recordings have failed."""
        tally = Tally()
        if job.kind == UPLOAD_JOB:
            tally.fail(failure_of(item.uri, error))
        else:
            with self.store.write() as unit:
                collection_id = unit.collections.get(job.collection).collection_id
                for uri, params in files_of(item):
                    unit.failures.record(collection_id, job.job_id, failure_of(uri, error), params)
                    for _channel in params["details"]:
                        tally.fail(failure_of(uri, error))
        self._end(job, item, owner, tally)

    def _set_aside(self, job: Job, item: JobItem, owner: str) -> None:
        error = CrashedError(f"given up after {MAX_ATTEMPTS} attempts, in each of which the worker failed or died")
        log.error("item %d of job %d: %s", item.item_id, item.job_id, error.message)
        self._fail(job, item, owner, error)

    def _split(self, item: JobItem, owner: str) -> None:
        """One of its files may be what ended the worker: from now on each is an item of its own."""
        with self.store.write() as unit:
            if unit.items.drop(item.item_id, owner):
                unit.items.add(item.job_id, list(parcels(files_of(item), 1)), attempts=item.attempts - 1)

    def _put_back(self, item: JobItem, owner: str, *, attempts: int) -> None:
        """For another try; where not even that can be written, the lease runs out."""

        def put_back() -> None:
            with self.store.write() as unit:
                unit.items.put_back(item.item_id, owner, datetime.now(UTC) + timedelta(seconds=PAUSE_S), attempts)

        try:
            patiently(put_back)
        except EmovecError as error:
            log.warning("item %d could not be put back: %s", item.item_id, error.message)

    def _beat(self, item: JobItem, owner: str) -> bool:
        with self.store.write() as unit:
            return unit.items.heartbeat(item.item_id, owner, LEASE_S, datetime.now(UTC))


def _said_before(outcomes: set[StoredBefore]) -> tuple[str | None, str | None]:
    """Code and message of an upload that was stored before, the gravest; None where there is nothing to say."""
    return next(((one.value, words) for one, words in STORED_BEFORE.items() if one in outcomes), (None, None))


def _kept_out(refusals: Sequence[Refusal], *, suppressed: bool) -> tuple[str | None, str | None]:
    """Code and message of an upload some of which the policy keeps out, or was deleted before."""
    if not refusals:
        return (SuppressedError.code, REASON) if suppressed else (None, None)
    return RefusedError.code, "; ".join(f"channel {one.channel}: {one.reason}" for one in refusals)
