"""Conditions as SQL; every value is a parameter, and what is not known makes a comparison false, never NULL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    SQLColumnExpression,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from emovec_db.domain import conditions
from emovec_db.domain.conditions import METADATA, Condition, Equals, Exists, Not, Order
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.store.tables import CustomerRow, PredictionRow, RecordingRow, SummaryRow, UtteranceRow

_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_RECORDING: Final[Mapping[str, SQLColumnExpression[Any]]] = {
    name: getattr(RecordingRow, name)
    for name in (
        "speaker", "role", "channel", "recorded_at", "peak", "snr_db", "clipping_ratio", "silence_ratio",
        "sample_rate_hz",
    )
}  # fmt: skip


def of_utterances(condition: Condition, collection_id: int, dialect: str) -> ColumnElement[bool]:
    """On rows of utterances joined with their predictions and recordings."""
    columns = {
        **_RECORDING,
        **_prediction(PredictionRow),
        "voice": UtteranceRow.voice,
        "duration_s": UtteranceRow.end_s - UtteranceRow.start_s,
    }
    return _Compiled(columns, collection_id, dialect).of(condition)


def of_recordings(condition: Condition, collection_id: int, dialect: str) -> ColumnElement[bool]:
    """On rows of recordings joined with their summaries.

    Raises:
        QueryError: a voice is asked for, of which a recording may have several.
    """
    columns = {**_RECORDING, **_prediction(SummaryRow), "duration_s": RecordingRow.duration_s}
    return _Compiled(columns, collection_id, dialect).of(condition)


def _prediction(row: type[PredictionRow] | type[SummaryRow]) -> dict[str, SQLColumnExpression[Any]]:
    scores = {label: getattr(row, f"score_{label}") for label in LABELS}
    return {"label": row.label, "confidence": row.confidence, **scores}


@dataclass(frozen=True, slots=True)
class _Compiled:
    columns: Mapping[str, SQLColumnExpression[Any]]
    collection_id: int
    dialect: str

    def of(self, condition: Condition) -> ColumnElement[bool]:
        match condition:
            case Not(inner):
                return not_(self.of(inner))
            case conditions.All(parts):
                return and_(*(self.of(part) for part in parts))
            case conditions.Any(parts):
                return or_(*(self.of(part) for part in parts))
            case Equals(field, values):
                return func.coalesce(or_(*(self._equals(field, value) for value in values)), false())
            case Order(field, sign, value):
                return func.coalesce(self._order(field, sign, value), false())
            case Exists(field):
                return self._exists(field)

    def _column(self, field: str) -> SQLColumnExpression[Any]:
        column = self.columns.get(field)
        if column is None:
            raise QueryError(f"{field} can be asked of utterances only, not of whole recordings: use search or cluster")
        return column

    def _equals(self, field: str, value: conditions.Value) -> ColumnElement[bool]:
        if field.startswith(METADATA):
            return metadata_equals(field.removeprefix(METADATA), str(value), self.dialect)
        if field == "customer":
            customer = select(CustomerRow.customer_id).where(
                CustomerRow.collection_id == self.collection_id, CustomerRow.name == value
            )
            return RecordingRow.customer_id == customer.scalar_subquery()
        if field == "warning":
            return self._warned(str(value))
        return self._column(field) == value

    def _order(self, field: str, sign: str, value: float | datetime) -> ColumnElement[bool]:
        compare = _ORDERS[sign]
        if not field.startswith(METADATA):
            ordered: ColumnElement[bool] = compare(self._column(field), value)
            return ordered
        key = field.removeprefix(METADATA)
        if self.dialect == "postgresql":
            element = RecordingRow.free.op("->", return_type=JSONB())(literal(key, String()))
            number = case((func.jsonb_typeof(element) == "number", cast(cast(element, String()), Double())), else_=None)
            compared: ColumnElement[bool] = compare(number, value)
            return compared
        entry = func.json_each(RecordingRow.free).table_valued("key", "atom", "type", name="entry")
        compared = compare(cast(entry.c.atom, Double()), value)
        numbers = select(entry.c.key).where(entry.c.key == key, entry.c.type.in_(("integer", "real")), compared)
        return numbers.correlate(RecordingRow).exists()

    def _exists(self, field: str) -> ColumnElement[bool]:
        if field.startswith(METADATA):
            key = field.removeprefix(METADATA)
            if self.dialect == "postgresql":
                return RecordingRow.free.op("->>", return_type=String())(literal(key, String())).is_not(None)
            entry = func.json_each(RecordingRow.free).table_valued("key", "type", name="entry")
            known = select(entry.c.key).where(entry.c.key == key, entry.c.type != "null")
            return known.correlate(RecordingRow).exists()
        if field == "customer":
            return RecordingRow.customer_id.is_not(None)
        if field == "warning":
            length = func.jsonb_array_length if self.dialect == "postgresql" else func.json_array_length
            return length(RecordingRow.warnings) > 0
        return self._column(field).is_not(None)

    def _warned(self, warning: str) -> ColumnElement[bool]:
        if self.dialect == "postgresql":
            warned: ColumnElement[bool] = cast(RecordingRow.warnings, JSONB()).contains([warning])
            return warned
        entry = func.json_each(RecordingRow.warnings).table_valued("atom", name="entry")
        return select(entry.c.atom).where(entry.c.atom == warning).correlate(RecordingRow).exists()


def metadata_equals(key: str, text: str, dialect: str) -> ColumnElement[bool]:
    """Whether the top-level field is this text, or a number or boolean written like it."""
    if dialect == "postgresql":
        return RecordingRow.free.op("->>", return_type=String())(literal(key, String())) == text
    # json_each takes any key as a parameter; a JSON path could not hold every key
    entry = func.json_each(RecordingRow.free).table_valued("key", "atom", "type", name="entry")
    written = case((entry.c.type.in_(("true", "false")), entry.c.type), else_=cast(entry.c.atom, String()))
    return select(entry.c.key).where(entry.c.key == key, written == text).correlate(RecordingRow).exists()
