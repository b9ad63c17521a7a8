"""Which items a broker has been told of: what is here is what is done, a message only says so sooner.

Uploads (urgent) and archives (not) are told apart, since their messages wait apart.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from emovec_db.domain.job import UPLOAD_JOB, ItemMessage
from emovec_db.store.job_items import claimable
from emovec_db.store.tables import JobItemRow, JobRow


class Messages:
    """The messages about items of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_unsent(self, now: datetime, limit: int, *, urgent: bool) -> tuple[ItemMessage, ...]:
        """Items to do of which no broker knows, the oldest first, noted as sent; no two callers get the same."""
        unsent = (
            select(JobItemRow.item_id)
            .join(JobRow, JobRow.job_id == JobItemRow.job_id)
            .where(*claimable(now), JobItemRow.sent_at.is_(None), _is(urgent))
            .order_by(JobItemRow.item_id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=JobItemRow)
        )
        ids = list(self._connection.scalars(unsent))
        if ids:
            self._connection.execute(update(JobItemRow).where(JobItemRow.item_id.in_(ids)).values(sent_at=now))
        return tuple(ItemMessage(item_id, urgent) for item_id in ids)

    def waiting(self, now: datetime, *, urgent: bool) -> int:
        """How many items were sent and not taken up since."""
        sent = (
            select(func.count())
            .select_from(JobItemRow)
            .join(JobRow, JobRow.job_id == JobItemRow.job_id)
            .where(*claimable(now), JobItemRow.sent_at.is_not(None), _is(urgent))
        )
        return self._connection.scalar(sent) or 0

    def forget_sent(self, before: datetime, *, urgent: bool) -> int:
        """Have items sent again that were sent before a time and not taken up since; how many."""
        jobs = select(JobRow.job_id).where(_is(urgent))
        lost = update(JobItemRow).where(JobItemRow.sent_at <= before, JobItemRow.job_id.in_(jobs))
        return self._connection.execute(lost.values(sent_at=None)).rowcount


def _is(urgent: bool) -> ColumnElement[bool]:
    return JobRow.kind == UPLOAD_JOB if urgent else JobRow.kind != UPLOAD_JOB
