"""What generations say of recordings as a whole, one summary per recording and generation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, insert, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.segmentation import NOTHING_LEFT_OUT, LeftOut
from emovec_db.store import rows
from emovec_db.store.statements import table_of
from emovec_db.store.tables import SCORE_COLUMNS, CollectionRow, RecordingRow, SummaryRow

_NAMES = (*SCORE_COLUMNS, *rows.left_out_values(NOTHING_LEFT_OUT))
SUMMARY_COLUMNS = tuple(getattr(SummaryRow, name) for name in _NAMES)

_INSERT = insert(table_of(SummaryRow))


class Summaries:
    """The summaries of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, collection: Collection, recording_id: int, summary: Prediction, left_out: LeftOut) -> None:
        """Store a recording's summary and what is in no utterance; ConflictError if the generation has them already."""
        key = {"recording_id": recording_id, "generation_id": collection.generation.generation_id}
        self._connection.execute(_INSERT, {**key, **rows.prediction_values(summary), **rows.left_out_values(left_out)})


def of_active_generation(collection_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Joins a recording's summary in the generation that its collection serves from."""
    active = select(CollectionRow.active_generation_id).where(CollectionRow.collection_id == collection_id)
    return of_generation_named(active.scalar_subquery())


def of_generation_named(generation_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Joins a recording's summary in one generation."""
    return and_(SummaryRow.recording_id == RecordingRow.recording_id, SummaryRow.generation_id == generation_id)
