"""Rows that contradict each other: there should be none, whatever process died when."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, case, func, select

from emovec_db.domain.collection import Collection
from emovec_db.store.policies import Policies
from emovec_db.store.statements import Query
from emovec_db.store.tables import (
    ChangeRow,
    CollectionRow,
    EmbeddingRow,
    PredictionRow,
    RecordingRow,
    TrackRow,
    UtteranceRow,
)

FLOAT32_BYTES = 4
#: how many rows of one kind are counted
COUNTED = 1_000


class Integrity:
    """Looks for contradictions within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def problems(self, collection: Collection) -> Iterator[str]:
        """One sentence per kind of contradiction in the collection's active generation."""
        forbidden = Policies(self._connection).kept_out(
            collection.collection_id, Policies(self._connection).of(collection.collection_id)
        )
        if forbidden:
            yield (
                f"recordings that the policy forbids: {len(forbidden)}, the first is {forbidden[0]}: "
                "`emovec policy forbid ROLE --delete-existing` deletes them"
            )
        for statement, sentence in (*_incomplete(collection), *_unlike_the_log(collection)):
            ids = self._connection.scalars(statement.limit(COUNTED)).all()
            if ids:
                yield f"{sentence}: {len(ids)}{'+' if len(ids) == COUNTED else ''}, the first is {min(ids)}"
        of_collection = ChangeRow.collection_id == collection.collection_id
        newest = self._connection.scalar(select(func.max(ChangeRow.seq)).where(of_collection)) or 0
        counter = self._connection.scalar(
            select(CollectionRow.change_seq).where(CollectionRow.collection_id == collection.collection_id)
        )
        if newest != counter:
            yield f"the change log is at {newest}, but the collection counts {counter} changes"
        if self._connection.dialect.name == "sqlite":
            state = self._connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if state != "ok":
                yield f"the database file is damaged: {state}"


def _incomplete(collection: Collection) -> Iterator[tuple[Query, str]]:
    dim = collection.generation.encoder.dim
    utterances = _utterances(collection)
    embedded = utterances.outerjoin(EmbeddingRow, EmbeddingRow.utterance_id == UtteranceRow.utterance_id)
    yield embedded.where(EmbeddingRow.utterance_id.is_(None)), "utterances without an embedding"
    wrong_size = func.length(EmbeddingRow.vector) != FLOAT32_BYTES * dim
    yield embedded.where(wrong_size), f"embeddings that are not of dimension {dim}"
    predicted = utterances.outerjoin(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
    yield predicted.where(PredictionRow.utterance_id.is_(None)), "utterances without a prediction"
    encoded = utterances.where(UtteranceRow.recording_id == RecordingRow.recording_id).exists()
    recordings = select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection.collection_id)
    yield recordings.where(~encoded), "recordings without an utterance"
    tracked = select(TrackRow.recording_id).where(
        TrackRow.recording_id == RecordingRow.recording_id,
        TrackRow.generation_id == collection.generation.generation_id,
    )
    yield recordings.where(encoded, ~tracked.exists()), "recordings without a track"


def _unlike_the_log(collection: Collection) -> Iterator[tuple[Query, str]]:
    # ids are never reused: an utterance that went never comes back
    present = (
        select(ChangeRow.utterance_id)
        .where(
            ChangeRow.collection_id == collection.collection_id,
            ChangeRow.generation_id == collection.generation.generation_id,
        )
        .group_by(ChangeRow.utterance_id)
        .having(func.min(case((ChangeRow.added, 1), else_=0)) == 1)
    )
    stored = _utterances(collection)
    yield stored.where(UtteranceRow.utterance_id.not_in(present)), "utterances that the change log does not know"
    logged = present.subquery()
    gone = select(logged.c.utterance_id).where(logged.c.utterance_id.not_in(stored))
    yield gone, "utterances of the change log that are not stored"


def _utterances(collection: Collection) -> Query:
    of_generation = UtteranceRow.generation_id == collection.generation.generation_id
    return select(UtteranceRow.utterance_id).where(of_generation)
