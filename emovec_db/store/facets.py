"""Counting utterances by what is known of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, SQLColumnExpression, String, cast, func, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.facets import FACETS, MAX_VALUES, Count, FacetValue
from emovec_db.domain.query import Filter
from emovec_db.errors import QueryError
from emovec_db.store.tables import CustomerRow, PredictionRow, RecordingRow, UtteranceRow
from emovec_db.store.utterances import Utterances


class Facets:
    """Counts of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, collection: Collection, filter: Filter) -> Count:
        """How many utterances fulfil the filter, and of how many recordings they are."""
        chosen = Utterances(self._connection).chosen(collection, filter).subquery()
        row = self._connection.execute(
            select(func.count(), func.count(UtteranceRow.recording_id.distinct()))
            .select_from(UtteranceRow)
            .join(chosen, chosen.c.utterance_id == UtteranceRow.utterance_id)
        ).one()
        return Count(row[0], row[1])

    def by(self, collection: Collection, facet: str, filter: Filter, limit: int) -> tuple[FacetValue, ...]:
        """The same by each value of a field, the most frequent first; at most `limit` values.

        Raises:
            QueryError: counts can't be told by this field, or that many values.
        """
        if not 1 <= limit <= MAX_VALUES:
            raise QueryError(f"{limit} values are asked for: expected 1 to {MAX_VALUES}")
        column: SQLColumnExpression[Any] = self._column(facet).label("value")
        chosen = Utterances(self._connection).chosen(collection, filter).subquery()
        utterances = func.count()
        statement = (
            select(column, utterances, func.count(UtteranceRow.recording_id.distinct()))
            .select_from(UtteranceRow)
            .join(chosen, chosen.c.utterance_id == UtteranceRow.utterance_id)
            .join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
            .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
            .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
            .group_by(column)
            .order_by(utterances.desc(), column)
            .limit(limit)
        )
        return tuple(FacetValue(row[0], Count(row[1], row[2])) for row in self._connection.execute(statement))

    def _column(self, facet: str) -> SQLColumnExpression[Any]:
        columns: dict[str, SQLColumnExpression[Any]] = {
            "label": PredictionRow.label,
            "customer": CustomerRow.name,
            "speaker": RecordingRow.speaker,
            "role": RecordingRow.role,
            "channel": RecordingRow.channel,
            "voice": UtteranceRow.voice,
            "month": self._month(),
        }
        if facet not in FACETS:
            raise QueryError(f"counts can't be told by {facet!r}: expected one of {', '.join(FACETS)}")
        return columns[facet]

    def _month(self) -> SQLColumnExpression[Any]:
        if self._connection.dialect.name == "postgresql":
            return func.to_char(func.timezone("UTC", RecordingRow.recorded_at), "YYYY-MM")
        return func.substr(cast(RecordingRow.recorded_at, String()), 1, 7)
