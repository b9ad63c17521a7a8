"""Recordings that policy keeps out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from emovec_db.domain.policy import Refusal
from emovec_db.domain.query import Page
from emovec_db.domain.recording import Source
from emovec_db.store import paging
from emovec_db.store.statements import chunks, table_of, upsert
from emovec_db.store.tables import RefusalRow


class Refusals:
    """The refusals of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, collection_id: int, refusal: Refusal) -> None:
        """Note that a recording was kept out, in place of what was noted of it before."""
        source = refusal.source
        values = {
            "collection_id": collection_id,
            "uri": source.uri,
            "channel": refusal.channel,
            "size_bytes": source.size_bytes,
            "mtime_ns": source.mtime_ns,
            "role": refusal.role,
            "mixed": refusal.mixed,
            "customer": refusal.customer,
            "reason": refusal.reason,
            "refused_at": refusal.refused_at,
        }
        self._connection.execute(upsert(self._connection.dialect.name, RefusalRow, _KEY, _REPLACED), values)

    def of(self, collection_id: int, uris: Sequence[str]) -> dict[tuple[str, str], Refusal]:
        """What was kept out of these uris: (uri, channel) -> refusal."""
        found = {}
        for some in chunks(uris):
            known = select(RefusalRow).where(RefusalRow.collection_id == collection_id, RefusalRow.uri.in_(some))
            for row in self._connection.execute(known):
                found[row.uri, row.channel] = _refusal_from(row)
        return found

    def page(self, collection_id: int, cursor: str | None, limit: int) -> Page[Refusal]:
        """What is kept out, newest first; QueryError for a cursor that no page of refusals gave."""
        statement = (
            select(RefusalRow)
            .where(
                RefusalRow.collection_id == collection_id,
                *paging.older_than(RefusalRow.refusal_id, "refusals", cursor),
            )
            .order_by(RefusalRow.refusal_id.desc())
            .limit(paging.rows_to_fetch(limit))
        )
        found = [(row.refusal_id, _refusal_from(row)) for row in self._connection.execute(statement)]
        page = paging.page_of(found, limit, "refusals", lambda item: item[0])
        return Page(tuple(refusal for _, refusal in page.items), page.next_cursor)

    def count(self, collection_id: int) -> int:
        """How many recordings are kept out."""
        of_collection = select(func.count()).select_from(RefusalRow).where(RefusalRow.collection_id == collection_id)
        return self._connection.scalar(of_collection) or 0

    def clear(self, collection_id: int, uri: str, channel: str) -> None:
        """Forget the refusal of a recording that is stored now."""
        self._connection.execute(_CLEAR, {"in_collection": collection_id, "of_uri": uri, "of_channel": channel})

    def of_customer(self, collection_id: int, customer: str) -> tuple[tuple[str, str], ...]:
        """(uri, channel) of a customer's recordings that are kept out."""
        theirs = select(RefusalRow.uri, RefusalRow.channel).where(
            RefusalRow.collection_id == collection_id, RefusalRow.customer == customer
        )
        found = self._connection.execute(theirs.order_by(RefusalRow.refusal_id))
        return tuple((uri, channel) for uri, channel in found)

    def clear_customer(self, collection_id: int, customer: str) -> int:
        """Forget all refusals of a customer's recordings; how many there were."""
        of_customer = (RefusalRow.collection_id == collection_id, RefusalRow.customer == customer)
        return self._connection.execute(delete(RefusalRow).where(*of_customer)).rowcount


_KEY = ("collection_id", "uri", "channel")
_REPLACED = ("size_bytes", "mtime_ns", "role", "mixed", "customer", "reason", "refused_at")
#: run for every recording that is stored: built once
_CLEAR = delete(table_of(RefusalRow)).where(
    RefusalRow.collection_id == bindparam("in_collection"),
    RefusalRow.uri == bindparam("of_uri"),
    RefusalRow.channel == bindparam("of_channel"),
)


def _refusal_from(row: Any) -> Refusal:
    return Refusal(
        source=Source(uri=row.uri, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns),
        channel=row.channel,
        role=row.role,
        mixed=row.mixed,
        reason=row.reason,
        customer=row.customer,
        refused_at=row.refused_at,
    )
