"""Items of which a broker is to be told: noted in the database before they are sent, so that none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emovec_db.domain.job import ItemMessage
from emovec_db.services.leases import end_leases
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True)
class Outbox:
    """Says what is to be sent; any number of processes may ask."""

    store: Store

    def unsent(self, limit: int) -> tuple[ItemMessage, ...]:
        """Items that wait and of which no broker was told, noted as sent.

        All uploads, for which somebody waits, up to `limit`; of archives so many that no more than `limit` wait then.
        """
        end_leases(self.store)  # whose worker is gone waits again
        now = datetime.now(UTC)
        with self.store.write() as unit:
            uploads = unit.messages.take_unsent(now, limit, urgent=True)
            room = limit - unit.messages.waiting(now, urgent=False)
            return uploads + (unit.messages.take_unsent(now, room, urgent=False) if room > 0 else ())

    def send_again(self, older_than_s: float, *, urgent: bool) -> int:
        """Have items sent again that were sent longer ago than this and not taken up since; how many."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        with self.store.write() as unit:
            return unit.messages.forget_sent(before, urgent=urgent)
