"""Customers: figures of all of them by aggregates, and which utterances are whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Subquery, and_, cast, func, null, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.customers import CustomerFigures, CustomerRank, Owned, WeekFigures
from emovec_db.emotions import LABELS, NEGATIVE
from emovec_db.store.statements import Query, chunks
from emovec_db.store.tables import SCORE_COLUMNS, CustomerRow, RecordingRow, SummaryRow, UtteranceRow

WEEK_S = 7 * 24 * 3600

_MEANS = tuple(func.avg(getattr(SummaryRow, column)) for column in SCORE_COLUMNS)
_NEGATIVE: ColumnElement[float] = sum(
    (getattr(SummaryRow, f"score_{label}") for label in NEGATIVE[1:]), getattr(SummaryRow, f"score_{NEGATIVE[0]}")
)
#: by which customers can be ranked, besides their name
_RANKS: dict[str, Any] = {
    "recordings": func.count(),
    "last_recorded_at": func.max(RecordingRow.recorded_at),
    **dict(zip(LABELS, _MEANS, strict=True)),
}


class Customers:
    """The customers of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ranks(self, collection: Collection, by: str) -> tuple[CustomerRank, ...]:
        """All customers with recordings, in no order, with their number of recordings, last time or mean score.

        By name, they come with nothing: then no recording has to be read but each customer's first.
        """
        if by == "name":
            return tuple(CustomerRank(*row) for row in self._connection.execute(_named(collection)))
        of_all = _heard(collection, CustomerRow.customer_id, CustomerRow.name, _RANKS[by])
        grouped = of_all.group_by(CustomerRow.customer_id, CustomerRow.name)
        return tuple(CustomerRank(*row) for row in self._connection.execute(grouped))

    def figures(self, collection: Collection, customer_ids: Sequence[int]) -> dict[int, CustomerFigures]:
        """What those customers' recordings come to, by id."""
        columns = (
            CustomerRow.customer_id,
            func.count(),
            func.sum(RecordingRow.duration_s),
            func.min(RecordingRow.recorded_at),
            func.max(RecordingRow.recorded_at),
        )
        found = {}
        for some in chunks(customer_ids):
            of_some = _heard(collection, *columns, *_MEANS).where(CustomerRow.customer_id.in_(some))
            for customer_id, count, duration_s, first, last, *means in self._connection.execute(
                of_some.group_by(CustomerRow.customer_id)
            ):
                found[customer_id] = CustomerFigures(
                    recordings=count,
                    duration_s=duration_s,
                    first_recorded_at=first,
                    last_recorded_at=last,
                    scores=dict(zip(LABELS, means, strict=True)),
                )
        return found

    def weeks(
        self, collection: Collection, customer_ids: Sequence[int], count: int
    ) -> Mapping[int, tuple[WeekFigures, ...]]:
        """By customer's id, the last `count` weeks that have recordings, the newest first.

        Weeks are counted back from a customer's last recording: week 0 are the seven days that end with it.
        """
        found: dict[int, list[WeekFigures]] = {customer_id: [] for customer_id in customer_ids}
        for some in chunks(customer_ids):
            for customer_id, *row, negative, negative_squares in self._connection.execute(
                self._weeks(collection, some, count)
            ):
                week, recordings, *means = row
                found[customer_id].append(
                    WeekFigures(
                        weeks_ago=int(week),
                        recordings=recordings,
                        scores=dict(zip(LABELS, means, strict=True)),
                        negative=negative,
                        negative_squares=negative_squares,
                    )
                )
        return {
            customer_id: tuple(sorted(weeks, key=lambda week: week.weeks_ago)) for customer_id, weeks in found.items()
        }

    def owned(self, collection: Collection, customer_ids: Sequence[int] | None = None) -> Owned:
        """The utterances of these customers, or of all, ascending by id."""
        columns = (UtteranceRow.utterance_id, RecordingRow.customer_id, UtteranceRow.recording_id)
        of_all = (
            select(*columns)
            .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
            .where(UtteranceRow.generation_id == collection.generation.generation_id)
        )
        if customer_ids is None:
            return _owned(self._connection.execute(of_all.where(RecordingRow.customer_id.is_not(None))).fetchall())
        rows: list[Any] = []
        for some in chunks(customer_ids):
            rows += self._connection.execute(of_all.where(RecordingRow.customer_id.in_(some))).fetchall()
        return _owned(rows)

    def owners(self, collection: Collection, utterance_ids: Sequence[int]) -> NDArray[np.int64]:
        """Ids of the customers whose utterances these are: int64 (n,), ascending, each once."""
        found: set[int] = set()
        for some in chunks(utterance_ids):
            of_some = (
                select(RecordingRow.customer_id)
                .join(UtteranceRow, UtteranceRow.recording_id == RecordingRow.recording_id)
                .where(
                    UtteranceRow.generation_id == collection.generation.generation_id,
                    UtteranceRow.utterance_id.in_(some),
                    RecordingRow.customer_id.is_not(None),
                )
                .distinct()
            )
            found.update(one for one in self._connection.scalars(of_some) if one is not None)
        return np.array(sorted(found), np.int64)

    def names(self, collection_id: int) -> dict[int, str]:
        """The names of all customers of the collection, by id."""
        named = select(CustomerRow.customer_id, CustomerRow.name).where(CustomerRow.collection_id == collection_id)
        return {row[0]: row[1] for row in self._connection.execute(named)}

    def _weeks(self, collection: Collection, customer_ids: Sequence[int], count: int) -> Query:
        last = (
            _heard(collection, CustomerRow.customer_id, func.max(RecordingRow.recorded_at).label("recorded_at"))
            .where(CustomerRow.customer_id.in_(customer_ids))
            .group_by(CustomerRow.customer_id)
            .subquery()
        )
        week = self._weeks_between(RecordingRow.recorded_at, last).label("week")
        return (
            _heard(
                collection, CustomerRow.customer_id, week, func.count(), *_MEANS, func.sum(_NEGATIVE),
                func.sum(_NEGATIVE * _NEGATIVE),
            )
            .join(last, last.c.customer_id == CustomerRow.customer_id)
            .where(RecordingRow.recorded_at.is_not(None), week < count)
            .group_by(CustomerRow.customer_id, week)
        )  # fmt: skip

    def _weeks_between(self, recorded_at: Any, last: Subquery) -> ColumnElement[int]:
        """Whole weeks, in whole seconds, so that both databases and Python round alike."""
        between = self._second(last.c.recorded_at) - self._second(recorded_at)
        return between // WEEK_S

    def _second(self, time: Any) -> ColumnElement[int]:
        if self._connection.dialect.name == "sqlite":
            return cast(func.strftime("%s", time), BigInteger)
        return cast(func.floor(func.extract("epoch", time)), BigInteger)


def _heard(collection: Collection, *columns: Any) -> Query:
    """A selection from the collection's customers, their recordings, and what the generation says of those."""
    summary = and_(
        SummaryRow.recording_id == RecordingRow.recording_id,
        SummaryRow.generation_id == collection.generation.generation_id,
    )
    return (
        select(*columns)
        .select_from(CustomerRow)
        .join(RecordingRow, RecordingRow.customer_id == CustomerRow.customer_id)
        .join(SummaryRow, summary)
        .where(CustomerRow.collection_id == collection.collection_id)
    )


def _named(collection: Collection) -> Query:
    generation_id = collection.generation.generation_id
    is_summed_up = select(SummaryRow.recording_id).where(
        SummaryRow.recording_id == RecordingRow.recording_id, SummaryRow.generation_id == generation_id
    )
    # one in the other, not joined: without statistics SQLite would walk the generation for each customer
    of_customer = select(RecordingRow.recording_id).where(
        RecordingRow.customer_id == CustomerRow.customer_id, is_summed_up.exists()
    )
    return select(CustomerRow.customer_id, CustomerRow.name, null()).where(
        CustomerRow.collection_id == collection.collection_id, of_customer.exists()
    )


def _owned(rows: Sequence[Any]) -> Owned:
    found = np.array([tuple(row) for row in rows], np.int64).reshape(len(rows), 3)
    found = found[np.argsort(found[:, 0])]
    return Owned(utterances=found[:, 0], customers=found[:, 1], recordings=found[:, 2])
