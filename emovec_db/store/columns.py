"""Reading what many utterances are filtered by into columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select

from emovec_db.domain.collection import Generation
from emovec_db.domain.columns import OF_RECORDINGS, OF_UTTERANCES, Columns, Table, Words, exactly, microseconds
from emovec_db.store.statements import Query, chunks
from emovec_db.store.tables import SCORE_COLUMNS, CustomerRow, PredictionRow, RecordingRow, UtteranceRow

_ROWS: Query = (
    select(
        UtteranceRow.utterance_id,
        UtteranceRow.recording_id,
        PredictionRow.label,
        PredictionRow.confidence,
        (UtteranceRow.end_s - UtteranceRow.start_s).label("duration_s"),
        *(getattr(PredictionRow, column) for column in SCORE_COLUMNS),
    )
    .join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
    .where(UtteranceRow.generation_id == bindparam("generation_id"))
)
_NEXT = _ROWS.where(UtteranceRow.utterance_id > bindparam("after")).order_by(UtteranceRow.utterance_id)
_CHOSEN = _ROWS.where(UtteranceRow.utterance_id.in_(bindparam("ids", expanding=True)))
_RECORDINGS: Query = (
    select(
        RecordingRow.recording_id,
        CustomerRow.name.label("customer"),
        *(getattr(RecordingRow, field) for field in (*OF_RECORDINGS["texts"][1:], *OF_RECORDINGS["numbers"])),
    )
    .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
    .where(RecordingRow.recording_id.in_(bindparam("ids", expanding=True)))
)


def columns_of(connection: Connection, generation: Generation, utterance_ids: Sequence[int]) -> Columns:
    """Of those of the utterances that the generation has, ids ascending."""
    found: list[Any] = []
    for ids in chunks(utterance_ids):
        found += connection.execute(_CHOSEN, {"generation_id": generation.generation_id, "ids": ids}).fetchall()
    return _columns(connection, sorted(found, key=lambda row: int(row[0])))


def all_columns_of(connection: Connection, generation: Generation, batch: int) -> Iterator[Columns]:
    """Of the generation's utterances by ascending id, `batch` at a time."""
    statement = _NEXT.limit(batch)
    place = {"generation_id": generation.generation_id, "after": 0}
    while found := connection.execute(statement, place).fetchall():
        place["after"] = found[-1][0]
        yield _columns(connection, found)


def _columns(connection: Connection, found: Sequence[Sequence[Any]]) -> Columns:
    if not found:
        return Columns.none()
    ids, recording_ids, labels, *numbers = zip(*found, strict=True)
    kept, recording = np.unique(np.array(recording_ids, dtype=np.int64), return_inverse=True)
    return Columns(
        np.array(ids, dtype=np.int64),
        recording.astype(np.int32),
        Table(
            {"label": Words.of(labels)},
            {field: _numbers(column) for field, column in zip(OF_UTTERANCES["numbers"], numbers, strict=True)},
        ),
        _recordings(connection, kept),
    )


def _recordings(connection: Connection, recording_ids: NDArray[np.int64]) -> Table:
    """Ascending by id."""
    found: list[Any] = []
    for ids in chunks(recording_ids.tolist()):
        found += connection.execute(_RECORDINGS, {"ids": ids}).fetchall()
    found.sort(key=lambda row: int(row[0]))
    _, *columns = zip(*found, strict=True)
    texts, numbers = OF_RECORDINGS["texts"], OF_RECORDINGS["numbers"]
    return Table(
        {field: Words.of(column) for field, column in zip(texts, columns[: len(texts)], strict=True)},
        {field: _numbers(column) for field, column in zip(numbers, columns[len(texts) :], strict=True)},
    )


def _numbers(column: Sequence[Any]) -> NDArray[np.float32] | NDArray[np.float64]:
    """Times as µs since 1970; NaN where a number is not known."""
    return exactly(np.array([_number(value) for value in column], dtype=np.float64))


def _number(value: float | datetime | None) -> float:
    if value is None:
        return float("nan")
    return microseconds(value) if isinstance(value, datetime) else value
