"""Which items a broker has been told of: what is here is what is done, a message only says so sooner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from emovec_db.domain.job import UPLOAD_JOB, ItemMessage
from emovec_db.store.job_items import claimable, uploads_first
from emovec_db.store.tables import JobItemRow, JobRow


class Messages:
    """The messages about items of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_unsent(self, now: datetime, limit: int) -> tuple[ItemMessage, ...]:
        """Items to do of which no broker knows, uploads first, noted as sent; no two callers get the same."""
        unsent = (
            select(JobItemRow.item_id, JobRow.kind)
            .join(JobRow, JobRow.job_id == JobItemRow.job_id)
            .where(*claimable(now), JobItemRow.sent_at.is_(None))
            .order_by(uploads_first(), JobItemRow.item_id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=JobItemRow)
        )
        found = [ItemMessage(row.item_id, urgent=row.kind == UPLOAD_JOB) for row in self._connection.execute(unsent)]
        ids = [message.item_id for message in found]
        self._connection.execute(update(JobItemRow).where(JobItemRow.item_id.in_(ids)).values(sent_at=now))
        return tuple(found)

    def waiting(self, now: datetime) -> int:
        """How many items were sent and not taken up since."""
        sent = (
            select(func.count())
            .select_from(JobItemRow)
            .join(JobRow, JobRow.job_id == JobItemRow.job_id)
            .where(*claimable(now), JobItemRow.sent_at.is_not(None))
        )
        return self._connection.scalar(sent) or 0

    def forget_sent(self, before: datetime) -> int:
        """Have items sent again that were sent before a time and not taken up since; how many."""
        lost = update(JobItemRow).where(JobItemRow.sent_at <= before).values(sent_at=None)
        return self._connection.execute(lost).rowcount
