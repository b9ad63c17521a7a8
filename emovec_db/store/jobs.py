"""Background jobs.

A job is over when all its items are (`job_items`). One that finds its recordings itself, as an ingest of an archive
does, is also held by the process that finds them, through a lease that heartbeats extend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, or_, select, update

from emovec_db.domain.job import Job, JobProgress, JobState
from emovec_db.domain.query import Page
from emovec_db.errors import NotFoundError
from emovec_db.store import paging, rows
from emovec_db.store.statements import Query
from emovec_db.store.tables import CollectionRow, FailureRow, JobItemRow, JobRow

_OPEN = (JobState.QUEUED, JobState.RUNNING)
ABANDONED = "its process died: do the same again to continue"


class Jobs:
    """The jobs of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, collection_id: int, kind: str, *, total: int | None = None) -> int:
        """A new job that waits for its items to be taken up; its id."""
        return self._create(collection_id, kind, {"state": JobState.QUEUED, "total": total}, rows.now())

    def start(self, collection_id: int, kind: str, owner: str, lease_s: float, *, total: int | None = None) -> int:
        """A new job that its owner has in hand from the beginning; its id."""
        now = rows.now()
        held = {"state": JobState.RUNNING, "started_at": now, "total": total, **_held(owner, lease_s, now)}
        return self._create(collection_id, kind, held, now)

    def get(self, job_id: int) -> Job:
        """The job; NotFoundError if there is none of this id."""
        row = self._connection.execute(_select().where(JobRow.job_id == job_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"no job {job_id}")
        return _job_from(row)

    def page(self, collection_id: int | None, cursor: str | None, limit: int) -> Page[Job]:
        """Jobs of a collection or of all, newest first; QueryError for a cursor that no page of jobs gave."""
        statement = _select().where(*paging.older_than(JobRow.job_id, "jobs", cursor))
        if collection_id is not None:
            statement = statement.where(JobRow.collection_id == collection_id)
        newest = statement.order_by(JobRow.job_id.desc()).limit(paging.rows_to_fetch(limit))
        found = [_job_from(row) for row in self._connection.execute(newest)]
        return paging.page_of(found, limit, "jobs", lambda job: job.job_id)

    def current(self, collection_id: int | None, since: datetime, limit: int) -> tuple[Job, ...]:
        """Jobs of a collection or of all that are open or ended since; those that wait last, else the newest first."""
        # apart, so that each is found by its index, and a collection's old jobs are not read
        still_open = select(JobRow.job_id).where(JobRow.state.in_(_OPEN))
        lately = select(JobRow.job_id).where(JobRow.finished_at >= since)
        statement = _select().where(JobRow.job_id.in_(still_open.union(lately)))
        if collection_id is not None:
            statement = statement.where(JobRow.collection_id == collection_id)
        waiting = case((JobRow.state == JobState.QUEUED, 1), else_=0)
        found = self._connection.execute(statement.order_by(waiting, JobRow.job_id.desc()).limit(limit))
        return tuple(_job_from(row) for row in found)

    def heartbeat(self, job_id: int, owner: str, lease_s: float, now: datetime, progress: JobProgress) -> bool:
        """Extend the lease and store how far the job has come; False: the job is not the owner's any more."""
        running = and_(_of(job_id, owner), JobRow.state == JobState.RUNNING)
        values = {**_held(owner, lease_s, now), **_progress_values(progress)}
        return self._connection.execute(update(JobRow).where(running).values(values)).rowcount == 1

    def finish(self, job_id: int, owner: str, state: JobState, progress: JobProgress, error: str | None = None) -> bool:
        """The owner's last word; False: the job is not the owner's any more. A cancelled job stays cancelled."""
        row = self._connection.execute(select(JobRow.state).where(_of(job_id, owner)).with_for_update()).one_or_none()
        if row is None:
            return False
        now = rows.now()
        ended = {} if row.state == JobState.CANCELLED else _ended(state, error, now)
        values = {**_progress_values(progress), "heartbeat_at": now, "lease_owner": None, "lease_until": None, **ended}
        self._connection.execute(update(JobRow).where(JobRow.job_id == job_id).values(values))
        return True

    def hold(self, job_id: int, owner: str, lease_s: float, now: datetime, total: int | None) -> bool:
        """Extend the lease of one that hands its recordings to others; False: the job is not the owner's any more."""
        running = and_(_of(job_id, owner), JobRow.state == JobState.RUNNING)
        values = {**_held(owner, lease_s, now), "total": total}
        return self._connection.execute(update(JobRow).where(running).values(values)).rowcount == 1

    def release(self, job_id: int, owner: str, total: int | None) -> bool:
        """All its recordings are found, and it is over when its last item is; False: it is not the owner's any more."""
        row = self._connection.execute(select(JobRow.state).where(_of(job_id, owner)).with_for_update()).one_or_none()
        if row is None:
            return False
        over = row.state == JobState.RUNNING and not self._has_open_items(job_id)
        ended = _ended(JobState.DONE, None, rows.now()) if over else {}
        values = {"total": total, "lease_owner": None, "lease_until": None, **ended}
        self._connection.execute(update(JobRow).where(JobRow.job_id == job_id).values(values))
        return True

    def give_up(self, job_id: int, owner: str, reason: str) -> None:
        """The owner finds no more of its recordings: the job has failed, once what was queued is done."""
        row = self._connection.execute(select(JobRow.state).where(_of(job_id, owner)).with_for_update()).one_or_none()
        if row is not None and row.state == JobState.RUNNING:
            self._let_go(job_id, reason, rows.now())

    def settle(self, job_id: int, outcome: JobProgress, *, failed_by_one: bool) -> None:
        """Add what became of an item that is over; the job is over when it was the last one.

        `failed_by_one`: the job has failed if anything in it has.
        """
        row = self._connection.execute(select(JobRow).where(JobRow.job_id == job_id).with_for_update()).one()
        now = rows.now()
        counts = dict(Counter(row.counts) + Counter(outcome.counts))
        values = {"counts": counts, "duration_s": row.duration_s + outcome.duration_s, "heartbeat_at": now}
        if row.state == JobState.RUNNING and row.lease_owner is None and not self._has_open_items(job_id):
            failed = row.error is not None or (failed_by_one and "failed" in counts)
            values |= _ended(JobState.FAILED if failed else JobState.DONE, row.error, now)
        self._connection.execute(update(JobRow).where(JobRow.job_id == job_id).values(values))

    def cancel(self, job_id: int) -> bool:
        """End an open job as cancelled, whoever has it in hand; False: it is over already."""
        is_open = and_(JobRow.job_id == job_id, JobRow.state.in_(_OPEN))
        values = {"state": JobState.CANCELLED, "finished_at": rows.now()}
        return self._connection.execute(update(JobRow).where(is_open).values(values)).rowcount == 1

    def cancel_emptied(self, job_ids: Sequence[int]) -> None:
        """End those of the jobs that wait for nothing any more, since what they had to do was deleted."""
        for job_id in job_ids:
            if not self._has_open_items(job_id):
                unheld = and_(JobRow.job_id == job_id, JobRow.lease_owner.is_(None), JobRow.state.in_(_OPEN))
                ended = _ended(JobState.CANCELLED, "its recording was deleted meanwhile", rows.now())
                self._connection.execute(update(JobRow).where(unheld).values(ended))

    def is_cancelled(self, job_id: int) -> bool:
        """Whether work on the job should end."""
        return self._connection.scalar(select(JobRow.state).where(JobRow.job_id == job_id)) == JobState.CANCELLED

    def open_of(self, collection_id: int, kind: str) -> int | None:
        """A job of this kind that is not over, by its id; None: there is none."""
        is_open = and_(JobRow.collection_id == collection_id, JobRow.kind == kind, JobRow.state.in_(_OPEN))
        return self._connection.scalar(select(JobRow.job_id).where(is_open).limit(1))

    def held(self) -> tuple[Job, ...]:
        """Open jobs that a process has in hand."""
        statement = _select().where(JobRow.state == JobState.RUNNING, JobRow.lease_owner.is_not(None))
        return tuple(_job_from(row) for row in self._connection.execute(statement))

    def abandon(self, now: datetime, owners: Sequence[str]) -> None:
        """End jobs whose owner is one of these, or was silent for too long: nobody else can find their recordings.

        What they have found by then is still done.
        """
        silent = or_(JobRow.lease_until <= now, JobRow.lease_owner.in_(owners))
        lost = and_(JobRow.state == JobState.RUNNING, JobRow.lease_owner.is_not(None), silent)
        found = self._connection.scalars(select(JobRow.job_id).where(lost).order_by(JobRow.job_id).with_for_update())
        for job_id in found.all():
            self._let_go(job_id, ABANDONED, now)

    def _let_go(self, job_id: int, reason: str, now: datetime) -> None:
        if self._has_open_items(job_id):
            values = {"error": reason, "lease_owner": None, "lease_until": None}
        else:  # one that was only slow is still its owner's to finish
            values = _ended(JobState.FAILED, reason, now)
        self._connection.execute(update(JobRow).where(JobRow.job_id == job_id).values(values))

    def _has_open_items(self, job_id: int) -> bool:
        unfinished = and_(JobItemRow.job_id == job_id, JobItemRow.state.in_(_OPEN))
        return self._connection.scalar(select(JobItemRow.item_id).where(unfinished).limit(1)) is not None

    def _create(self, collection_id: int, kind: str, values: Mapping[str, Any], now: datetime) -> int:
        statement = insert(JobRow).values(
            collection_id=collection_id, kind=kind, counts={}, duration_s=0.0, created_at=now, **values
        )
        return int(self._connection.execute(statement.returning(JobRow.job_id)).scalar_one())


def _of(job_id: int, owner: str) -> Any:
    return and_(JobRow.job_id == job_id, JobRow.lease_owner == owner)


def _held(owner: str, lease_s: float, now: datetime) -> dict[str, Any]:
    return {"lease_owner": owner, "lease_until": now + timedelta(seconds=lease_s), "heartbeat_at": now}


def _progress_values(progress: JobProgress) -> dict[str, Any]:
    return {"counts": dict(progress.counts), "total": progress.total, "duration_s": progress.duration_s}


def _ended(state: JobState, error: str | None, now: datetime) -> dict[str, Any]:
    return {"state": state, "error": error, "finished_at": now}


def _select() -> Query:
    # in the order of their indexes
    item = select(JobItemRow.uri).where(JobItemRow.job_id == JobRow.job_id).order_by(JobItemRow.uri).limit(1)
    failure = select(FailureRow.uri).where(FailureRow.job_id == JobRow.job_id).order_by(FailureRow.failure_id).limit(1)
    uri = func.coalesce(item.scalar_subquery(), failure.scalar_subquery())
    return select(JobRow, CollectionRow.name.label("collection"), uri.label("uri")).join(
        CollectionRow, CollectionRow.collection_id == JobRow.collection_id
    )


def _job_from(row: Any) -> Job:
    return Job(
        job_id=row.job_id,
        collection=row.collection,
        kind=row.kind,
        state=JobState(row.state),
        counts=row.counts,
        total=row.total,
        duration_s=row.duration_s,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        heartbeat_at=row.heartbeat_at,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=row.error,
        uri=row.uri,
    )
