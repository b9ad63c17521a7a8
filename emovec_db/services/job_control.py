"""Ending jobs and trying again what failed in them."""

from __future__ import annotations

from emovec_db.domain.job import ARCHIVE_JOB, REENCODE_JOB, UPLOAD_JOB, Job
from emovec_db.errors import ConflictError
from emovec_db.services.parcels import FILES_PER_ITEM, parcels
from emovec_db.services.uploads import Uploads
from emovec_db.sources.manifest.manifest import is_row
from emovec_db.store.store import Store


def cancel(store: Store, uploads: Uploads, job_id: int) -> Job:
    """Cancel an open job: what waits is dropped, what is in hand ends after its batch, what is stored stays.

    Raises:
        NotFoundError: there is no such job.
        ConflictError: it is over already.
    """
    with store.write() as unit:
        waiting = unit.items.cancel_waiting(job_id)
        if not unit.jobs.cancel(job_id):
            job = unit.jobs.get(job_id)
            raise ConflictError(
                f"job {job_id} is {job.state.value} already: only queued and running jobs can be cancelled"
            )
        job = unit.jobs.get(job_id)
    if job.kind == UPLOAD_JOB:
        for item in waiting:
            uploads.drop_if_unused(item)
    return job


def retry(store: Store, job_id: int) -> Job:
    """Queue a new job for what this one failed on, with what was known of it then.

    Raises:
        NotFoundError: there is no such job.
        ConflictError: it is still open, or nothing that failed in it can be tried again.
    """
    with store.write() as unit:
        job = unit.jobs.get(job_id)
        if job.state.is_open:
            raise ConflictError(f"job {job_id} is {job.state.value}: wait for it or cancel it, then try again")
        if job.kind == UPLOAD_JOB:
            raise ConflictError(f"job {job_id} is an upload, and one that failed is not kept: send the recording again")
        if job.kind == REENCODE_JOB:
            raise ConflictError(f"job {job_id} is a re-encoding: the same `emovec reencode` again goes on with it")
        failed = [item for item in unit.failures.of_job(job_id) if not is_row(item.uri)]
        if not failed:
            raise ConflictError(f"job {job_id} has nothing to try again: what failed is stored, or met by a later job")
        total = sum(len(item.params["details"]) for item in failed)
        again = unit.jobs.create(unit.collections.get(job.collection).collection_id, ARCHIVE_JOB, total=total)
        unit.items.add(again, list(parcels(((item.uri, item.params) for item in failed), FILES_PER_ITEM)))
        return unit.jobs.get(again)
