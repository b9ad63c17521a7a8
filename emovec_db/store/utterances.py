"""Utterances with their predictions and embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, insert, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.columns import Columns
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.query import Filter, Vectors
from emovec_db.domain.recording import NewUtterance, Utterance
from emovec_db.domain.space_map import Points
from emovec_db.errors import EncoderMismatchError, NotFoundError
from emovec_db.store import filters, rows
from emovec_db.store.changes import Changes
from emovec_db.store.collections import Collections
from emovec_db.store.columns import all_columns_of, columns_of
from emovec_db.store.points import points_of
from emovec_db.store.policies import Policies
from emovec_db.store.statements import Query, chunks, id_of, table_of
from emovec_db.store.tables import (
    SCORE_COLUMNS,
    CustomerRow,
    EmbeddingRow,
    PredictionRow,
    ProvenanceRow,
    RecordingRow,
    SourceRow,
    UtteranceRow,
)
from emovec_db.store.types import VECTOR_DTYPE
from emovec_db.store.vectors import all_vectors_of, vectors_of

_INSERT = insert(table_of(UtteranceRow)).returning(UtteranceRow.utterance_id, sort_by_parameter_order=True)
_INSERT_PREDICTION = insert(table_of(PredictionRow))
_INSERT_EMBEDDING = insert(table_of(EmbeddingRow))


class Utterances:
    """The utterances of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        collection: Collection,
        recording_id: int,
        utterances: Sequence[NewUtterance],
        provenance: Provenance,
    ) -> tuple[int, ...]:
        """Store utterances of a recording in the collection's generation and log them; their ids, in order.

        Raises EncoderMismatchError if an embedding does not have the generation's dimension, RefusedError if the
        collection's policy forbids the recording.
        """
        # the lock first: nobody changes the policy between the question and the commit
        Collections(self._connection).lock(collection.collection_id)
        Policies(self._connection).enforce_stored(recording_id)
        return self.add_to_new(collection, recording_id, utterances, provenance)

    def add_to_new(
        self, collection: Collection, recording_id: int, utterances: Sequence[NewUtterance], provenance: Provenance
    ) -> tuple[int, ...]:
        """`add` for `Recordings.add`, which has just asked the policy."""
        if not utterances:
            return ()
        vectors = [_vector_bytes(utterance.embedding, collection) for utterance in utterances]
        ids = self._insert(collection.generation.generation_id, recording_id, utterances)
        provenance_id = id_of(
            self._connection,
            ProvenanceRow.provenance_id,
            ProvenanceRow,
            {"backend": provenance.backend, "decode_chain": provenance.decode_chain},
        )
        self._connection.execute(
            _INSERT_PREDICTION,
            [
                {
                    "utterance_id": utterance_id,
                    "provenance_id": provenance_id,
                    **rows.prediction_values(utterance.prediction),
                }
                for utterance_id, utterance in zip(ids, utterances, strict=True)
            ],
        )
        self._connection.execute(
            _INSERT_EMBEDDING,
            [{"utterance_id": key, "vector": vector} for key, vector in zip(ids, vectors, strict=True)],
        )
        generation_id = collection.generation.generation_id
        Changes(self._connection).append(collection.collection_id, [(generation_id, key) for key in ids], added=True)
        return ids

    def get(self, collection: Collection, utterance_id: int) -> Utterance:
        """The utterance; NotFoundError if the collection's generation has none of this id."""
        found = self.rows(collection, [utterance_id]).get(utterance_id)
        if found is None:
            raise NotFoundError(f"no utterance {utterance_id} in collection {collection.name!r}")
        return found

    def rows(self, collection: Collection, utterance_ids: Sequence[int]) -> dict[int, Utterance]:
        """Those of the utterances that the collection's generation has, by id."""
        found = {}
        for ids in chunks([int(utterance_id) for utterance_id in utterance_ids]):
            chosen = {"generation_id": collection.generation.generation_id, "ids": list(ids)}
            for row in self._connection.execute(_CHOSEN, chosen):
                found[row.utterance_id] = rows.utterance_from(row, collection.generation.encoder)
        return found

    def of_recording(self, collection: Collection, recording_id: int) -> tuple[Utterance, ...]:
        """A recording's utterances by start."""
        encoder = collection.generation.encoder
        of_recording = {"generation_id": collection.generation.generation_id, "recording_id": recording_id}
        return tuple(rows.utterance_from(row, encoder) for row in self._connection.execute(_BY_START, of_recording))

    def ids(self, collection: Collection, filter: Filter, recording_id: int | None = None) -> NDArray[np.int64]:
        """Ids of the utterances, of this recording or of all, that fulfil the filter: int64 (n,), ascending."""
        statement = self.chosen(collection, filter)
        if recording_id is not None:
            statement = statement.where(UtteranceRow.recording_id == recording_id)
        found = self._connection.execute(statement).fetchall()
        # sorted here: asking the database for an order would make it walk the whole generation
        return np.sort(np.array([row[0] for row in found], dtype=np.int64))

    def chosen(self, collection: Collection, filter: Filter) -> Query:
        """The statement that gives the ids of the utterances that fulfil the filter."""
        statement = select(UtteranceRow.utterance_id).where(
            UtteranceRow.generation_id == collection.generation.generation_id
        )
        dialect = self._connection.dialect.name
        on_utterance = filters.on_utterance(filter, collection.collection_id, dialect)
        if on_utterance:
            statement = statement.join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
        if filter.where is not None:
            statement = statement.join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
        on_recording = filters.on_recording(filter, collection.collection_id, dialect)
        if on_recording:
            # IN, not a join: without statistics SQLite would walk the generation and look up each recording
            chosen = select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection.collection_id)
            statement = statement.where(UtteranceRow.recording_id.in_(chosen.where(*on_recording)))
        return statement.where(*on_utterance)

    def vectors(self, collection: Collection, utterance_ids: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Embeddings and scores, in the order asked; ids that the collection's generation lacks are left out."""
        return vectors_of(self._connection, collection.generation, utterance_ids)

    def all_vectors(self, collection: Collection, batch: int = 5_000) -> Iterator[Vectors]:
        """Embeddings and scores of all utterances by ascending id, `batch` at a time."""
        return all_vectors_of(self._connection, collection.generation, batch)

    def columns(self, collection: Collection, utterance_ids: Sequence[int]) -> Columns:
        """What filters ask of those of the utterances that the collection's generation has, ids ascending."""
        return columns_of(self._connection, collection.generation, utterance_ids)

    def all_columns(self, collection: Collection, batch: int = 5_000) -> Iterator[Columns]:
        """What filters ask of all utterances by ascending id, `batch` at a time."""
        return all_columns_of(self._connection, collection.generation, batch)

    def points(self, collection: Collection, utterance_ids: Sequence[int]) -> Points:
        """What maps show of those of the utterances that the collection's generation has, ids ascending."""
        return points_of(self._connection, collection.generation, utterance_ids)

    def count(self, collection: Collection) -> int:
        """How many utterances the collection's generation has."""
        of_generation = UtteranceRow.generation_id == collection.generation.generation_id
        return self._connection.scalar(select(func.count()).select_from(UtteranceRow).where(of_generation)) or 0

    def count_of(self, collection: Collection, recording_ids: Sequence[int]) -> int:
        """How many of them these recordings have."""
        of_generation = select(func.count()).where(UtteranceRow.generation_id == collection.generation.generation_id)
        return sum(
            self._connection.scalar(of_generation.where(UtteranceRow.recording_id.in_(ids))) or 0
            for ids in chunks([int(recording_id) for recording_id in recording_ids])
        )

    def owners(self, collection: Collection) -> dict[int, tuple[str, int]]:
        """(customer, recording id) of each utterance in the collection's generation that has a customer, by id."""
        owned = (
            select(UtteranceRow.utterance_id, CustomerRow.name, UtteranceRow.recording_id)
            .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
            .join(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
            .where(UtteranceRow.generation_id == collection.generation.generation_id)
        )
        return {row[0]: (row[1], row[2]) for row in self._connection.execute(owned).fetchall()}

    def _insert(self, generation_id: int, recording_id: int, utterances: Sequence[NewUtterance]) -> tuple[int, ...]:
        values = [
            {
                "generation_id": generation_id,
                "recording_id": recording_id,
                "start_s": utterance.start_s,
                "end_s": utterance.end_s,
                "voice": utterance.voice,
            }
            for utterance in utterances
        ]
        return tuple(self._connection.execute(_INSERT, values).scalars())


def _vector_bytes(embedding: NDArray[np.float32], collection: Collection) -> bytes:
    encoder = collection.generation.encoder
    if embedding.shape != (encoder.dim,):
        raise EncoderMismatchError(
            f"an embedding of shape {embedding.shape} can't enter collection {collection.name!r}: "
            f"({encoder.dim},) is expected from {encoder.encoder_id}"
        )
    return np.ascontiguousarray(embedding, dtype=VECTOR_DTYPE).tobytes()


def _select() -> Query:
    first_uri = (
        select(SourceRow.uri)
        .where(SourceRow.recording_id == RecordingRow.recording_id)
        .order_by(SourceRow.source_id)
        .limit(1)
        .scalar_subquery()
    )
    # a recording whose every file now holds other bytes has no uri left
    uri = func.coalesce(first_uri, "sha256:" + RecordingRow.sha256).label("uri")
    return (
        select(
            UtteranceRow.utterance_id,
            UtteranceRow.recording_id,
            UtteranceRow.start_s,
            UtteranceRow.end_s,
            UtteranceRow.voice,
            uri,
            RecordingRow.channel,
            RecordingRow.speaker,
            RecordingRow.role,
            RecordingRow.recorded_at,
            CustomerRow.name.label("customer"),
            ProvenanceRow.backend,
            ProvenanceRow.decode_chain,
            *(getattr(PredictionRow, column) for column in SCORE_COLUMNS),
        )
        .join(PredictionRow, PredictionRow.utterance_id == UtteranceRow.utterance_id)
        .join(ProvenanceRow, ProvenanceRow.provenance_id == PredictionRow.provenance_id)
        .join(RecordingRow, RecordingRow.recording_id == UtteranceRow.recording_id)
        .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
        .where(UtteranceRow.generation_id == bindparam("generation_id"))
    )


# Every search runs these: built once, since building costs more than running.
_CHOSEN = _select().where(UtteranceRow.utterance_id.in_(bindparam("ids", expanding=True)))
_BY_START = (
    _select()
    .where(UtteranceRow.recording_id == bindparam("recording_id"))
    .order_by(UtteranceRow.start_s, UtteranceRow.utterance_id)
)
