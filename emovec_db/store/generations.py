"""The generations of a collection: the one that it serves from, those before it, one that is being built.

A recording is in a generation with all of its utterances, its track and its summary, or not at all; the summary, one
per recording and generation, tells which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from emovec_db.domain.collection import Collection, GenerationState, GenerationSummary, Recipe
from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.errors import NotFoundError
from emovec_db.store import rows
from emovec_db.store.changes import Changes
from emovec_db.store.statements import Query
from emovec_db.store.tables import (
    ClusteringRow,
    CollectionRow,
    FittedSpaceRow,
    GenerationRow,
    RecordingRow,
    SummaryRow,
    TrackRow,
    UtteranceRow,
)


class Generations:
    """The generations of one database, within one transaction.

    A generation is given as the collection that would serve from it, as everywhere in the store. Whoever writes holds
    the collection's lock.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, collection: Collection, encoder: EncoderIdentity, recipe: Recipe) -> Collection:
        """A new, empty generation, which nobody sees until it is activated."""
        statement = insert(GenerationRow).values(
            collection_id=collection.collection_id, created_at=rows.now(), **rows.generation_values(encoder, recipe)
        )
        generation_id = self._connection.execute(statement.returning(GenerationRow.generation_id)).scalar_one()
        return self.get(collection, generation_id)

    def get(self, collection: Collection, generation_id: int) -> Collection:
        """The collection as it would serve from that generation; NotFoundError names the generations that it has."""
        of_collection = GenerationRow.collection_id == collection.collection_id
        statement = select(GenerationRow).where(of_collection, GenerationRow.generation_id == generation_id)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            ids = sorted(self._connection.scalars(select(GenerationRow.generation_id).where(of_collection)))
            raise NotFoundError(
                f"collection {collection.name!r} has no generation {generation_id}: expected one of "
                f"{', '.join(map(str, ids))}"
            )
        return replace(collection, generation=rows.generation_from(row))

    def summaries(self, collection_id: int) -> tuple[GenerationSummary, ...]:
        """Every generation and how much is in it, by id."""
        statement = (
            select(GenerationRow, CollectionRow.active_generation_id)
            .join(CollectionRow, CollectionRow.collection_id == GenerationRow.collection_id)
            .where(GenerationRow.collection_id == collection_id)
            .order_by(GenerationRow.generation_id)
        )
        found = self._connection.execute(statement).fetchall()
        recordings = self._count(select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection_id))
        return tuple(self._summary_from(row, recordings) for row in found)

    def missing(self, target: Collection, *, after: int = 0, limit: int | None = None) -> tuple[int, ...]:
        """Ids of the collection's recordings beyond `after` that the generation lacks, ascending."""
        statement = _missing(target).where(RecordingRow.recording_id > after).order_by(RecordingRow.recording_id)
        return tuple(self._connection.scalars(statement.limit(limit)))

    def missing_among(self, target: Collection, recording_ids: Sequence[int]) -> frozenset[int]:
        """Those of some recordings that are stored and that the generation lacks."""
        return frozenset(self._connection.scalars(_missing(target).where(RecordingRow.recording_id.in_(recording_ids))))

    def count_missing(self, target: Collection) -> int:
        """How many recordings of the collection the generation lacks."""
        return self._count(_missing(target))

    def activate(self, target: Collection) -> None:
        """From this transaction's commit on the collection serves from the generation."""
        of_collection = CollectionRow.collection_id == target.collection_id
        generation_id = target.generation.generation_id
        self._connection.execute(update(CollectionRow).where(of_collection).values(active_generation_id=generation_id))
        self._set(generation_id, activated_at=rows.now())

    def load_from(self, target: Collection, encoder_source: str) -> Collection:
        """From now on the generation's encoder is loaded from there; the same weights, of course."""
        self._set(target.generation.generation_id, encoder_source=encoder_source)
        return self.get(target, target.generation.generation_id)

    def forget(self, target: Collection, limit: int) -> int:
        """Delete what the generation holds of at most `limit` recordings, and log its utterances as gone; how many.

        Logged, because whoever is killed between two calls leaves a generation that may be gone on with.
        """
        generation_id = target.generation.generation_id
        some = select(SummaryRow.recording_id).where(SummaryRow.generation_id == generation_id).limit(limit)
        ids = list(self._connection.scalars(some))
        heard = select(UtteranceRow.utterance_id).where(
            UtteranceRow.generation_id == generation_id, UtteranceRow.recording_id.in_(ids)
        )
        gone = [(generation_id, one) for one in self._connection.scalars(heard.order_by(UtteranceRow.utterance_id))]
        Changes(self._connection).append(target.collection_id, gone, added=False)
        for row in (UtteranceRow, TrackRow, SummaryRow):
            of_generation = row.generation_id == generation_id
            self._connection.execute(delete(row).where(of_generation, row.recording_id.in_(ids)))
        return len(ids)

    def remove(self, target: Collection) -> None:
        """Delete the generation itself, once it holds nothing any more, its clusterings and its fitted spaces."""
        generation_id = target.generation.generation_id
        # the people of a fit go with it
        for row in (ClusteringRow, FittedSpaceRow, GenerationRow):
            self._connection.execute(delete(row).where(row.generation_id == generation_id))

    def _set(self, generation_id: int, **values: Any) -> None:
        of_id = GenerationRow.generation_id == generation_id
        self._connection.execute(update(GenerationRow).where(of_id).values(**values))

    def _summary_from(self, row: Any, recordings: int) -> GenerationSummary:
        within = self._count(select(SummaryRow.recording_id).where(SummaryRow.generation_id == row.generation_id))
        return GenerationSummary(
            generation=rows.generation_from(row),
            state=_state(row),
            recordings=within,
            missing=recordings - within,
            created_at=row.created_at,
            activated_at=row.activated_at,
        )

    def _count(self, rows_of: Query) -> int:
        return self._connection.scalar(select(func.count()).select_from(rows_of.subquery())) or 0


def _state(row: Any) -> GenerationState:
    if row.generation_id == row.active_generation_id:
        return GenerationState.ACTIVE
    return GenerationState.BUILDING if row.activated_at is None else GenerationState.PREVIOUS


def _missing(target: Collection) -> Query:
    has = select(SummaryRow.recording_id).where(
        SummaryRow.recording_id == RecordingRow.recording_id,
        SummaryRow.generation_id == target.generation.generation_id,
    )
    of_collection = RecordingRow.collection_id == target.collection_id
    return select(RecordingRow.recording_id).where(of_collection, ~has.exists())
