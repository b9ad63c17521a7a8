"""`emovec ingest --engine celery`: share an archive out to workers and watch them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from emovec_db.cli.output import error_console
from emovec_db.domain.ingest import IngestReport
from emovec_db.domain.job import JobState
from emovec_db.errors import JobCancelledError
from emovec_db.services.patience import patiently

if TYPE_CHECKING:
    from emovec_db.cli.progress import Meter
    from emovec_db.database import Collection, Database
    from emovec_db.domain.job import Job

LOOK_EVERY_S: Final = 1.0
#: workers look every second, and loading an encoder takes some
NO_WORKER_AFTER_S: Final = 30.0


def share_out(
    database: Database, target: Collection, paths: Sequence[str], known: Mapping[str, Any], show: Meter
) -> IngestReport:
    """Queue an archive and watch it until it is done; Ctrl-C ends the watching, not the work."""
    job = target.distribute(*paths, **known, queued=lambda job: show(job.done, job.total, "still looking for more"))
    try:
        job = _watched(database, job, show)
    except KeyboardInterrupt:
        error_console().print(
            f"Workers go on with job {job.job_id}: emovec jobs show {job.job_id} tells how far it is, "
            f"emovec jobs cancel {job.job_id} ends it."
        )
        raise
    if job.state is JobState.CANCELLED:
        raise JobCancelledError(f"job {job.job_id} was cancelled: what was stored is kept")
    return _report(database, job)


def _watched(database: Database, job: Job, show: Meter) -> Job:
    began_s, job_id = time.monotonic(), job.job_id
    while job.state.is_open:
        idle = not job.done and time.monotonic() - began_s > NO_WORKER_AFTER_S
        show(job.done, job.total, "nobody has begun: is an emovec worker --engine celery running?" if idle else "")
        time.sleep(LOOK_EVERY_S)
        job = patiently(lambda: database.job(job_id))
    return job


def _report(database: Database, job: Job) -> IngestReport:
    """What became of the job, as an ingest here would have told it."""
    counted = {outcome: job.counts.get(outcome, 0) for outcome in ("ingested", "unchanged", "updated", "refused")}
    kinds = database.job_errors(job.job_id, examples=1000)
    took_s = (job.finished_at - job.created_at).total_seconds() if job.finished_at else 0.0
    return IngestReport(
        **counted,
        suppressed=job.counts.get("suppressed", 0),
        failed=job.counts.get("failed", 0),
        errors=tuple(failure for kind in kinds for failure in kind.examples),
        seconds=took_s,
        duration_s=job.duration_s,
        notes=(f"job {job.job_id} {job.state.value}{f': {job.error}' if job.error else ''}",),
    )
