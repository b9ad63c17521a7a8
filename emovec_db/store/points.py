"""Reading what maps show of many utterances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, bindparam, select

from emovec_db.domain.collection import Generation
from emovec_db.domain.columns import Words
from emovec_db.domain.space_map import Points
from emovec_db.emotions import LABELS
from emovec_db.store.statements import Query, chunks
from emovec_db.store.tables import CustomerRow, PredictionRow, RecordingRow, UtteranceRow

_PLACES: Final = {label: place for place, label in enumerate(LABELS)}
_CHOSEN: Query = (
    select(UtteranceRow.utterance_id, UtteranceRow.recording_id, PredictionRow.label, CustomerRow.name)
    .join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
    .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
    .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
    .where(
        UtteranceRow.generation_id == bindparam("generation_id"),
        UtteranceRow.utterance_id.in_(bindparam("ids", expanding=True)),
    )
)


def points_of(connection: Connection, generation: Generation, utterance_ids: Sequence[int]) -> Points:
    """Of those of the utterances that the generation has, ids ascending."""
    found: list[Any] = []
    for ids in chunks(utterance_ids):
        found += connection.execute(_CHOSEN, {"generation_id": generation.generation_id, "ids": ids}).fetchall()
    found.sort(key=lambda row: int(row[0]))
    return Points(
        ids=np.array([row[0] for row in found], np.int64),
        recording_ids=np.array([row[1] for row in found], np.int64),
        labels=np.array([_PLACES[row[2]] for row in found], np.int8),
        customers=Words.of([row[3] for row in found]),
    )
