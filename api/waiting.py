"""Standing by while the worker does a job."""

from __future__ import annotations

import time
from collections.abc import Sequence

from emovec_db.api.context import context
from emovec_db.domain.job import Job, JobItem

_POLL_S = 0.1
Settled = list[tuple[Job, tuple[JobItem, ...] | None]]


def finished(jobs: Sequence[Job], wait_s: float) -> Settled:
    """The jobs as they are when all are finished or the time is over; finished ones with their items.

    Answers at once where too many requests wait already: each holds one of the server's threads.
    """
    if not wait_s:
        return [(job, None) for job in jobs]
    deadline_s = time.monotonic() + wait_s
    with context().waiters.place() as may_wait:
        return [_when_settled(job, deadline_s if may_wait else 0) for job in jobs]


def upload_status(jobs: Sequence[Job]) -> int:
    """Of the answer to uploads: 202 while one is under way, 201 if something new was stored, 200 if not."""
    if not all(job.finished_at for job in jobs):
        return 202
    return 201 if any(job.counts.get("ingested") for job in jobs) else 200


def _when_settled(job: Job, deadline_s: float) -> tuple[Job, tuple[JobItem, ...] | None]:
    database = context().database
    current = database.job(job.job_id)
    while current.state.is_open and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        current = database.job(job.job_id)
    return current, database.job_items(job.job_id) if not current.state.is_open else None
