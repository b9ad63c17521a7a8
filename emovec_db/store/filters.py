"""Filters as SQL conditions; every value is a parameter."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, SQLColumnExpression, select

from emovec_db.domain.query import Filter
from emovec_db.store.conditions import metadata_equals, of_recordings, of_utterances
from emovec_db.store.tables import CustomerRow, PredictionRow, RecordingRow, SummaryRow, UtteranceRow

Condition = ColumnElement[bool]


def on_recording(filter: Filter, collection_id: int, dialect: str) -> list[Condition]:
    """What a filter asks of the recording itself: who, when, metadata."""
    conditions: list[Condition] = []
    if filter.customer is not None:
        conditions.append(RecordingRow.customer_id == _customer_id(collection_id, filter.customer))
    if filter.speaker is not None:
        conditions.append(RecordingRow.speaker == filter.speaker)
    if filter.role is not None:
        conditions.append(RecordingRow.role == filter.role)
    if filter.since is not None:
        conditions.append(RecordingRow.recorded_at >= filter.since)
    if filter.until is not None:
        conditions.append(RecordingRow.recorded_at < filter.until)
    return conditions + [metadata_equals(key, text, dialect) for key, text in filter.metadata.items()]


def on_summary(filter: Filter, collection_id: int, dialect: str) -> list[Condition]:
    """What a filter asks of a recording's summary and length, and all of `where`, which asks of both."""
    conditions = list(_on_prediction(filter, SummaryRow, RecordingRow.duration_s))
    if filter.condition is not None:
        conditions.append(of_recordings(filter.condition, collection_id, dialect))
    return conditions


def on_utterance(filter: Filter, collection_id: int, dialect: str) -> list[Condition]:
    """What a filter asks of an utterance's prediction and length, and all of `where`, which asks of both."""
    conditions = list(_on_prediction(filter, PredictionRow, UtteranceRow.end_s - UtteranceRow.start_s))
    if filter.condition is not None:
        conditions.append(of_utterances(filter.condition, collection_id, dialect))
    return conditions


def _on_prediction(
    filter: Filter, row: type[SummaryRow] | type[PredictionRow], duration_s: SQLColumnExpression[float]
) -> Iterator[Condition]:
    if filter.label is not None:
        yield row.label == filter.label
    if filter.min_confidence is not None:
        yield row.confidence >= filter.min_confidence
    if filter.min_duration_s is not None:
        yield duration_s >= filter.min_duration_s
    if filter.max_duration_s is not None:
        yield duration_s <= filter.max_duration_s


def _customer_id(collection_id: int, name: str) -> ColumnElement[int]:
    customer = select(CustomerRow.customer_id).where(
        CustomerRow.collection_id == collection_id, CustomerRow.name == name
    )
    return customer.scalar_subquery()
