"""Reading many embeddings and scores at once into arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, case, func, select

from emovec_db.domain.collection import Generation
from emovec_db.domain.person import CUSTOMER, SPEAKER
from emovec_db.domain.query import Vectors
from emovec_db.emotions import LABELS
from emovec_db.store.engine import BINARY_ROWS
from emovec_db.store.statements import Query, chunks
from emovec_db.store.tables import (
    SCORE_COLUMNS,
    CustomerRow,
    EmbeddingRow,
    PredictionRow,
    RecordingRow,
    UtteranceRow,
)
from emovec_db.store.types import VECTOR_DTYPE

#: who speaks, as `domain.person.person_of` has it
_PERSON = case(
    (UtteranceRow.voice.is_not(None), None),
    (RecordingRow.speaker.is_not(None), SPEAKER + RecordingRow.speaker),
    (func.coalesce(RecordingRow.role, "customer") == "customer", CUSTOMER + CustomerRow.name),
).label("person")
_ROWS: Query = (
    select(
        UtteranceRow.utterance_id,
        EmbeddingRow.vector,
        _PERSON,
        *(getattr(PredictionRow, column) for column in SCORE_COLUMNS),
    )
    .join(EmbeddingRow, EmbeddingRow.utterance_id == UtteranceRow.utterance_id)
    .join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
    .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
    .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
    .where(UtteranceRow.generation_id == bindparam("generation_id"))
)
_NEXT = _ROWS.where(UtteranceRow.utterance_id > bindparam("after")).order_by(UtteranceRow.utterance_id)
_CHOSEN = _ROWS.where(UtteranceRow.utterance_id.in_(bindparam("ids", expanding=True)))


def vectors_of(
    connection: Connection, generation: Generation, utterance_ids: Sequence[int] | NDArray[np.int64]
) -> Vectors:
    """Those of `utterance_ids` that the generation has, in the order asked."""
    wanted = np.asarray(utterance_ids, dtype=np.int64)
    found: list[Any] = []
    for ids in chunks(np.unique(wanted).tolist()):
        chosen = {"generation_id": generation.generation_id, "ids": ids}
        found += connection.execute(_CHOSEN, chosen, execution_options=BINARY_ROWS).fetchall()
    found.sort(key=lambda row: int(row[0]))
    return _in_order(_vectors(found, generation.encoder.dim), wanted)


def all_vectors_of(connection: Connection, generation: Generation, batch: int) -> Iterator[Vectors]:
    """The generation's utterances by ascending id, `batch` at a time."""
    statement = _NEXT.limit(batch)
    place = {"generation_id": generation.generation_id, "after": 0}
    while found := connection.execute(statement, place, execution_options=BINARY_ROWS).fetchall():
        place["after"] = found[-1][0]
        yield _vectors(found, generation.encoder.dim)


def _vectors(found: Sequence[Sequence[Any]], dim: int) -> Vectors:
    if not found:
        return Vectors(
            ids=np.empty(0, np.int64),
            embeddings=np.empty((0, dim), np.float32),
            scores=np.empty((0, len(LABELS)), np.float32),
            people=np.empty(0, np.object_),
        )
    ids, blobs, people, *scores = zip(*found, strict=True)
    embeddings = np.frombuffer(b"".join(blobs), dtype=VECTOR_DTYPE).reshape(len(ids), dim)
    return Vectors(
        ids=np.array(ids, dtype=np.int64),
        embeddings=embeddings.astype(np.float32, copy=False),
        scores=np.ascontiguousarray(np.array(scores, dtype=np.float32).T),
        people=np.array(people, dtype=np.object_),
    )


def _in_order(found: Vectors, wanted: NDArray[np.int64]) -> Vectors:
    if not len(found.ids):
        return found
    if np.array_equal(found.ids, wanted):
        return found
    at = np.minimum(np.searchsorted(found.ids, wanted), len(found.ids) - 1)
    return found.rows(at[found.ids[at] == wanted])
