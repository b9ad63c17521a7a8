"""The parts of jobs, each done by one worker at a time.

A worker holds an item under a lease that its heartbeats extend. When the lease runs out, another worker takes the item
over; how often that happened is counted before the work begins, since an item may be what kills its workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, insert, or_, select, update

from emovec_db.domain.ingest import StoredBefore
from emovec_db.domain.job import UPLOAD_JOB, JobItem, JobState
from emovec_db.domain.query import Page
from emovec_db.store import paging
from emovec_db.store.statements import Query
from emovec_db.store.tables import JobItemRow, JobRow

_OPEN = (JobState.QUEUED, JobState.RUNNING)
#: condition on items: they failed or were kept out
NOT_TAKEN: ColumnElement[bool] = and_(JobItemRow.code.is_not(None), JobItemRow.code.not_in([*StoredBefore]))


class JobItems:
    """The items of one database, within one transaction. Whoever locks both locks items before their job."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        job_id: int,
        items: Sequence[tuple[str, Mapping[str, Any]]],
        *,
        attempts: int = 0,
        not_before: datetime | None = None,
    ) -> tuple[int, ...]:
        """Add (uri, params) to do, not before a time; their ids. ConflictError if the job has one of the uris already.

        `attempts` are those that were made while they were parts of another item.
        """
        if not items:
            return ()
        fresh = {
            "job_id": job_id,
            "state": JobState.QUEUED,
            "attempts": attempts,
            "lease_until": not_before,
            "recording_ids": [],
        }
        statement = insert(JobItemRow).returning(JobItemRow.item_id, sort_by_parameter_order=True)
        rows = [{**fresh, "uri": uri, "params": dict(params)} for uri, params in items]
        return tuple(self._connection.scalars(statement, rows))

    def of_job(self, job_id: int, limit: int | None = None) -> tuple[JobItem, ...]:
        """The job's items in the order they were added."""
        statement = select(JobItemRow).where(JobItemRow.job_id == job_id).order_by(JobItemRow.item_id).limit(limit)
        return tuple(_item_from(row) for row in self._connection.execute(statement))

    def failed(self, job_id: int, code: str | None, cursor: str | None, limit: int) -> Page[JobItem]:
        """Items that failed or were kept out, the last first, all or of one code; QueryError for another's cursor."""
        statement = select(JobItemRow).where(
            JobItemRow.job_id == job_id,
            NOT_TAKEN if code is None else JobItemRow.code == code,
            *paging.older_than(JobItemRow.item_id, "failed items", cursor),
        )
        last = statement.order_by(JobItemRow.item_id.desc()).limit(paging.rows_to_fetch(limit))
        found = [_item_from(row) for row in self._connection.execute(last)]
        return paging.page_of(found, limit, "failed items", lambda item: item.item_id)

    def claim(self, owner: str, lease_s: float, now: datetime, *, item_id: int | None = None) -> JobItem | None:
        """Take an item that waits or whose lease ran out, and count the attempt; None if there is none.

        The item of this id; without one uploads come first, then the oldest. One that somebody had in hand when its
        job was cancelled, and then died, comes too: it is still to be ended.
        """
        row = self._connection.execute(_claimable(now, item_id)).one_or_none()
        if row is None:
            return None
        taken = update(JobItemRow).where(JobItemRow.item_id == row.item_id)
        held = {"sent_at": None, **_held(owner, lease_s, now)}  # whoever lets it go has it sent again
        values = {"state": JobState.RUNNING, "attempts": row.attempts + 1, **held}
        claimed = self._connection.execute(taken.values(values).returning(JobItemRow)).one()
        started = update(JobRow).where(JobRow.job_id == claimed.job_id, JobRow.state == JobState.QUEUED)
        self._connection.execute(started.values(state=JobState.RUNNING, started_at=now))
        return _item_from(claimed)

    def heartbeat(self, item_id: int, owner: str, lease_s: float, now: datetime) -> bool:
        """Extend the lease; False: it is lost, another owner has the item."""
        return self._update_held(item_id, owner, _held(owner, lease_s, now))

    def finish(
        self,
        item_id: int,
        owner: str,
        state: JobState,
        code: str | None = None,
        message: str | None = None,
        recording_ids: Sequence[int] = (),
    ) -> bool:
        """Note how an item ended and forget its params, which may name people; False: the lease was lost.

        An item that was deleted with its recording stays deleted.
        """
        values: dict[str, Any] = {
            "state": state,
            "code": code,
            "message": message,
            "params": {},
            "recording_ids": [int(recording_id) for recording_id in recording_ids],
            "lease_owner": None,
            "lease_until": None,
        }
        return self._update_held(item_id, owner, values)

    def drop(self, item_id: int, owner: str) -> bool:
        """Delete an item that is over and of which nothing more is to be told; False: the lease was lost."""
        return self._connection.execute(delete(JobItemRow).where(_is_held(item_id, owner))).rowcount == 1

    def put_back(self, item_id: int, owner: str, not_before: datetime, attempts: int) -> bool:
        """Leave a held item for later, with this number of attempts; False: the lease was lost."""
        values = {"state": JobState.QUEUED, "attempts": attempts, "lease_owner": None, "lease_until": not_before}
        return self._update_held(item_id, owner, values)

    def owners(self) -> tuple[str, ...]:
        """Who holds items now."""
        held = select(JobItemRow.lease_owner).where(JobItemRow.state == JobState.RUNNING).distinct()
        return tuple(owner for owner in self._connection.scalars(held) if owner is not None)

    def take_from(self, owners: Sequence[str]) -> None:
        """End the leases of owners that are gone, so that others needn't wait for that."""
        held = and_(JobItemRow.state == JobState.RUNNING, JobItemRow.lease_owner.in_(owners))
        self._connection.execute(update(JobItemRow).where(held).values(lease_owner=None, lease_until=None))

    def cancel_waiting(self, job_id: int) -> tuple[JobItem, ...]:
        """Cancel the job's items that nobody has in hand; gives them as they were."""
        waiting = and_(JobItemRow.job_id == job_id, JobItemRow.state == JobState.QUEUED)
        # locked in the order of ids, as claims do
        found = self._connection.execute(
            select(JobItemRow).where(waiting).order_by(JobItemRow.item_id).with_for_update()
        )
        cancelled = tuple(_item_from(row) for row in found)
        self._connection.execute(update(JobItemRow).where(waiting).values(state=JobState.CANCELLED, params={}))
        return cancelled

    def blob_awaited(self, blob_key: str) -> bool:
        """Whether an item that is not over needs the bytes under this key."""
        needs = and_(JobItemRow.state.in_(_OPEN), JobItemRow.params["blob_key"].as_string() == blob_key)
        return self._connection.scalar(select(JobItemRow.item_id).where(needs).limit(1)) is not None

    def _update_held(self, item_id: int, owner: str, values: Mapping[str, Any]) -> bool:
        return self._connection.execute(update(JobItemRow).where(_is_held(item_id, owner)).values(values)).rowcount == 1


def claimable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on items and their jobs: nobody holds the item, and it is to be done or at least to be ended."""
    free = or_(JobItemRow.lease_until.is_(None), JobItemRow.lease_until <= now)
    return JobItemRow.state.in_(_OPEN), free, JobRow.state.in_((*_OPEN, JobState.CANCELLED))


def _claimable(now: datetime, item_id: int | None) -> Query:
    statement = select(JobItemRow.item_id, JobItemRow.attempts).join(JobRow, JobRow.job_id == JobItemRow.job_id)
    statement = statement.where(*claimable(now))
    if item_id is not None:
        statement = statement.where(JobItemRow.item_id == item_id)
    uploads_first = case((JobRow.kind == UPLOAD_JOB, 0), else_=1)
    first = statement.order_by(uploads_first, JobItemRow.item_id).limit(1)
    return first.with_for_update(skip_locked=True, of=JobItemRow)


def _is_held(item_id: int, owner: str) -> ColumnElement[bool]:
    return and_(JobItemRow.item_id == item_id, JobItemRow.lease_owner == owner, JobItemRow.state == JobState.RUNNING)


def _held(owner: str, lease_s: float, now: datetime) -> dict[str, Any]:
    return {"lease_owner": owner, "lease_until": now + timedelta(seconds=lease_s)}


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
