"""Background jobs, their items, and why uris failed.

A job is held by one owner at a time through a lease that heartbeats extend; when it runs out, another worker takes the
job over. Its items say what is still to do, so that a job that is taken over goes on where it stopped.

Failures are apart from items: one row per collection and uri, whatever job met it, until an ingest stores the uri.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.job import Job, JobItem, JobState
from emovec_db.domain.query import Page
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.store import paging, rows
from emovec_db.store.statements import Query, chunks, insert_into
from emovec_db.store.tables import CollectionRow, FailureRow, JobItemRow, JobRow

#: how often a job may be claimed without being finished
MAX_ATTEMPTS = 3


class Jobs:
    """The jobs of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        collection_id: int,
        kind: str,
        params: Mapping[str, Any],
        *,
        state: JobState = JobState.QUEUED,
        owner: str | None = None,
        lease_s: float | None = None,
    ) -> int:
        """A new job, its id; one that starts as RUNNING needs the owner that runs it and a lease."""
        created_at = rows.now()
        values: dict[str, Any] = {"attempts": 0}
        if state is JobState.RUNNING:
            if owner is None or lease_s is None:
                raise QueryError("a job that is created running needs an owner and a lease")
            values = {"attempts": 1, **_held(owner, lease_s, created_at)}
        statement = insert(JobRow).values(
            collection_id=collection_id,
            kind=kind,
            state=state,
            params=dict(params),
            counts={},
            created_at=created_at,
            **values,
        )
        return int(self._connection.execute(statement.returning(JobRow.job_id)).scalar_one())

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

    def claim(self, owner: str, lease_s: float, now: datetime, *, kinds: Sequence[str] | None = None) -> Job | None:
        """Take the oldest job of these kinds (None: any) that waits or whose lease ran out; None if there is none.

        A job that was claimed 3 times and never finished becomes failed: it may be what kills its workers.
        """
        while (row := self._connection.execute(_claimable(now, kinds)).one_or_none()) is not None:
            job = update(JobRow).where(JobRow.job_id == row.job_id)
            if row.attempts < MAX_ATTEMPTS:
                values = {"state": JobState.RUNNING, "attempts": row.attempts + 1, **_held(owner, lease_s, now)}
                self._connection.execute(job.values(values))
                return self.get(row.job_id)
            gave_up = _ended(JobState.FAILED, f"gave up after {MAX_ATTEMPTS} attempts", now)
            self._connection.execute(job.values(gave_up))
        return None

    def end_abandoned(self, kind: str, now: datetime) -> None:
        """End jobs of a kind that nobody can take over, whose owner died without a word."""
        abandoned = and_(JobRow.kind == kind, JobRow.state == JobState.RUNNING, JobRow.lease_until <= now)
        reason = _ended(JobState.FAILED, "its process died: do the same again to continue", now)
        self._connection.execute(update(JobRow).where(abandoned).values(reason))

    def heartbeat(
        self, job_id: int, owner: str, lease_s: float, now: datetime, counts: Mapping[str, int] | None = None
    ) -> bool:
        """Extend the lease and store the counts so far; False: the lease is lost, another owner has the job."""
        values = _held(owner, lease_s, now)
        if counts is not None:
            values["counts"] = dict(counts)
        return self._update_held(job_id, owner, values)

    def finish(
        self, job_id: int, owner: str, state: JobState, counts: Mapping[str, int], error: str | None = None
    ) -> bool:
        """End the job as DONE or FAILED; False: the lease was lost, nothing is changed."""
        if state not in {JobState.DONE, JobState.FAILED}:
            raise QueryError(f"a job can't finish as {state}: expected done or failed")
        return self._update_held(job_id, owner, {"counts": dict(counts), **_ended(state, error, rows.now())})

    def add_items(self, job_id: int, items: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Add (uri, params) to do; ConflictError if the job has one of the uris already."""
        if not items:
            return
        fresh = {"job_id": job_id, "state": JobState.QUEUED, "attempts": 0, "recording_ids": []}
        self._connection.execute(
            insert(JobItemRow), [{**fresh, "uri": uri, "params": dict(params)} for uri, params in items]
        )

    def items(self, job_id: int, state: JobState | None = None) -> tuple[JobItem, ...]:
        """The job's items in the order they were added."""
        statement = select(JobItemRow).where(JobItemRow.job_id == job_id)
        if state is not None:
            statement = statement.where(JobItemRow.state == state)
        return tuple(_item_from(row) for row in self._connection.execute(statement.order_by(JobItemRow.item_id)))

    def finish_item(
        self,
        item_id: int,
        state: JobState,
        code: str | None = None,
        message: str | None = None,
        recording_ids: Sequence[int] = (),
    ) -> None:
        """Note how an item ended and forget its params, which may name people.

        An item that was deleted with its recording stays deleted.
        """
        self._connection.execute(
            update(JobItemRow)
            .where(JobItemRow.item_id == item_id)
            .values(
                state=state,
                code=code,
                message=message,
                params={},
                recording_ids=[int(recording_id) for recording_id in recording_ids],
                attempts=JobItemRow.attempts + 1,
            )
        )

    def record_failure(
        self, collection_id: int, job_id: int, failure: IngestFailure, params: Mapping[str, Any]
    ) -> None:
        """Note why the uri is not in the collection and what another try needs, in place of what was noted before."""
        uri = failure.uri
        reason = {"job_id": job_id, "code": failure.code, "message": failure.message, "params": dict(params)}
        statement = insert_into(self._connection, FailureRow).values(
            collection_id=collection_id, uri=uri, attempts=1, **reason
        )
        again = {**reason, "attempts": FailureRow.attempts + 1}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["collection_id", "uri"], set_=again))

    def clear_failures(self, collection_id: int, uris: Sequence[str]) -> None:
        """Forget the failures of uris that are stored now, or gone."""
        for some in chunks(uris):
            self._connection.execute(
                delete(FailureRow).where(FailureRow.collection_id == collection_id, FailureRow.uri.in_(some))
            )

    def failures(self, collection_id: int, limit: int | None = None) -> tuple[JobItem, ...]:
        """Uris that are not in the collection and why, oldest first, as failed items."""
        statement = select(FailureRow).where(FailureRow.collection_id == collection_id)
        oldest = statement.order_by(FailureRow.failure_id).limit(limit)
        return tuple(_failure_from(row) for row in self._connection.execute(oldest))

    def _update_held(self, job_id: int, owner: str, values: Mapping[str, Any]) -> bool:
        held = and_(JobRow.job_id == job_id, JobRow.lease_owner == owner, JobRow.state == JobState.RUNNING)
        return self._connection.execute(update(JobRow).where(held).values(values)).rowcount == 1


def _claimable(now: datetime, kinds: Sequence[str] | None) -> Query:
    waits = or_(JobRow.state == JobState.QUEUED, and_(JobRow.state == JobState.RUNNING, JobRow.lease_until <= now))
    oldest = select(JobRow.job_id, JobRow.attempts).where(waits).order_by(JobRow.job_id).limit(1)
    if kinds is not None:
        oldest = oldest.where(JobRow.kind.in_(kinds))
    return oldest.with_for_update(skip_locked=True)


def _held(owner: str, lease_s: float, now: datetime) -> dict[str, Any]:
    return {"lease_owner": owner, "lease_until": now + timedelta(seconds=lease_s), "heartbeat_at": now}


def _ended(state: JobState, error: str | None, now: datetime) -> dict[str, Any]:
    return {"state": state, "error": error, "finished_at": now, "lease_owner": None, "lease_until": None}


def _select() -> Query:
    return select(JobRow, CollectionRow.name.label("collection")).join(
        CollectionRow, CollectionRow.collection_id == JobRow.collection_id
    )


def _job_from(row: Any) -> Job:
    return Job(
        job_id=row.job_id,
        collection=row.collection,
        kind=row.kind,
        state=JobState(row.state),
        params=row.params,
        counts=row.counts,
        attempts=row.attempts,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        heartbeat_at=row.heartbeat_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        error=row.error,
    )


def _item_from(row: Any) -> JobItem:
    return JobItem(
        item_id=row.item_id,
        job_id=row.job_id,
        uri=row.uri,
        state=JobState(row.state),
        attempts=row.attempts,
        code=row.code,
        message=row.message,
        params=row.params,
        recording_ids=tuple(row.recording_ids),
    )


def _failure_from(row: Any) -> JobItem:
    return JobItem(
        item_id=row.failure_id,
        job_id=row.job_id,
        uri=row.uri,
        state=JobState.FAILED,
        attempts=row.attempts,
        code=row.code,
        message=row.message,
        params=row.params,
        recording_ids=(),
    )
