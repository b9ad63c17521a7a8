"""Why uris are not in a collection: one row per collection and uri, whatever job met it, until it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select

from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.job import ErrorKind, JobItem, JobState
from emovec_db.domain.query import Page
from emovec_db.store import paging
from emovec_db.store.job_items import NOT_TAKEN
from emovec_db.store.statements import chunks, insert_into
from emovec_db.store.tables import FailureRow, JobItemRow

#: kinds of errors that are told of one job; the rarer ones are left out
MAX_KINDS = 20


class Failures:
    """The failures of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, collection_id: int, job_id: int, failure: IngestFailure, params: Mapping[str, Any]) -> None:
        """Note why the uri is not in the collection and what another try needs, in place of what was noted before."""
        uri = failure.uri
        reason = {"job_id": job_id, "code": failure.code, "message": failure.message, "params": dict(params)}
        statement = insert_into(self._connection, FailureRow).values(
            collection_id=collection_id, uri=uri, attempts=1, **reason
        )
        again = {**reason, "attempts": FailureRow.attempts + 1}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["collection_id", "uri"], set_=again))

    def clear(self, collection_id: int, uris: Sequence[str]) -> None:
        """Forget the failures of uris that are stored now, or gone."""
        for some in chunks(uris):
            self._connection.execute(
                delete(FailureRow).where(FailureRow.collection_id == collection_id, FailureRow.uri.in_(some))
            )

    def of_collection(self, collection_id: int, limit: int | None = None) -> tuple[JobItem, ...]:
        """Uris that are not in the collection and why, oldest first, as failed items."""
        statement = select(FailureRow).where(FailureRow.collection_id == collection_id)
        oldest = statement.order_by(FailureRow.failure_id).limit(limit)
        return tuple(_failure_from(row) for row in self._connection.execute(oldest))

    def uris(self, collection_id: int, code: str) -> tuple[str, ...]:
        """Uris that failed with this code."""
        alike = select(FailureRow.uri).where(FailureRow.collection_id == collection_id, FailureRow.code == code)
        return tuple(self._connection.scalars(alike.order_by(FailureRow.failure_id)))

    def of_job(self, job_id: int) -> tuple[JobItem, ...]:
        """Uris that this job was the last to fail on, oldest first, as failed items."""
        statement = select(FailureRow).where(FailureRow.job_id == job_id).order_by(FailureRow.failure_id)
        return tuple(_failure_from(row) for row in self._connection.execute(statement))

    def failed(self, job_id: int, code: str | None, cursor: str | None, limit: int) -> Page[JobItem]:
        """The same, the last first and page by page, all or of one code; QueryError for another's cursor."""
        statement = select(FailureRow).where(
            FailureRow.job_id == job_id,
            *([] if code is None else [FailureRow.code == code]),
            *paging.older_than(FailureRow.failure_id, "failures", cursor),
        )
        last = statement.order_by(FailureRow.failure_id.desc()).limit(paging.rows_to_fetch(limit))
        found = [_failure_from(row) for row in self._connection.execute(last)]
        return paging.page_of(found, limit, "failures", lambda item: item.item_id)

    def kinds(self, job_id: int, examples: int) -> tuple[ErrorKind, ...]:
        """What this job failed on, by code, the most frequent first, each with its first uris.

        A uri that a later job failed on, or stored, is that job's.
        """
        return (
            *self._kinds(FailureRow, FailureRow.job_id == job_id, examples),
            *self._kinds(JobItemRow, and_(JobItemRow.job_id == job_id, NOT_TAKEN), examples),
        )

    def _kinds(
        self, row: type[FailureRow] | type[JobItemRow], failed: ColumnElement[bool], examples: int
    ) -> list[ErrorKind]:
        number = func.count().label("number")
        counted = select(row.code, number).where(failed).group_by(row.code).order_by(number.desc(), row.code)
        kinds = self._connection.execute(counted.limit(MAX_KINDS)).all()
        return [ErrorKind(kind.code, kind.number, self._examples(row, failed, kind.code, examples)) for kind in kinds]

    def _examples(
        self, row: type[FailureRow] | type[JobItemRow], failed: ColumnElement[bool], code: str, limit: int
    ) -> tuple[IngestFailure, ...]:
        id_column = FailureRow.failure_id if row is FailureRow else JobItemRow.item_id
        first = select(row.uri, row.message).where(failed, row.code == code).order_by(id_column).limit(limit)
        return tuple(
            IngestFailure(uri=found.uri, code=code, message=found.message) for found in self._connection.execute(first)
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
