"""Collections and their generations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from emovec_db.domain.collection import Collection, CollectionSummary, Recipe, can_name_collection
from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.errors import ConflictError, GenerationReplacedError, NotFoundError, QueryError
from emovec_db.store import rows
from emovec_db.store.policies import Policies
from emovec_db.store.statements import Query
from emovec_db.store.tables import (
    CollectionRow,
    CustomerRow,
    FailureRow,
    GenerationRow,
    RecordingRow,
    RefusalRow,
    SuppressionRow,
    UtteranceRow,
)

_ACTIVE = select(CollectionRow.active_generation_id).where(CollectionRow.collection_id == bindparam("collection_id"))
_LOCK = _ACTIVE.with_for_update()


class Collections:
    """The collections of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> Collection | None:
        """The collection of this name, with its active generation."""
        row = self._connection.execute(_BY_NAME, {"name": name}).one_or_none()
        return None if row is None else rows.collection_from(row)

    def get(self, name: str) -> Collection:
        """The collection of this name; NotFoundError names those that exist."""
        found = self.find(name)
        if found is None:
            names = sorted(self._connection.scalars(select(CollectionRow.name)))
            raise NotFoundError(f"no collection {name!r}: expected one of {', '.join(names) or '(there is none yet)'}")
        return found

    def create(self, name: str, encoder: EncoderIdentity, recipe: Recipe) -> Collection:
        """A new collection and its first generation; ConflictError if the name is taken."""
        if not can_name_collection(name):
            raise QueryError(
                f"{name!r} can't name a collection: expected 1 to 64 of A-Z a-z 0-9 _ . -, the first a letter or digit"
            )
        created_at = rows.now()
        try:
            collection_id = self._insert(CollectionRow, CollectionRow.collection_id, name=name, created_at=created_at)
        except IntegrityError as error:
            raise ConflictError(f"a collection {name!r} exists already") from error
        generation_id = self._insert(
            GenerationRow,
            GenerationRow.generation_id,
            collection_id=collection_id,
            created_at=created_at,
            activated_at=created_at,
            **rows.generation_values(encoder, recipe),
        )
        self._connection.execute(
            update(CollectionRow)
            .where(CollectionRow.collection_id == collection_id)
            .values(active_generation_id=generation_id)
        )
        return self.get(name)

    def names(self) -> tuple[str, ...]:
        """Of every collection, in order of code points."""
        return tuple(sorted(self._connection.scalars(select(CollectionRow.name))))

    def summaries(self) -> tuple[CollectionSummary, ...]:
        """Every collection and how much is in it, by name."""
        found = [rows.collection_from(row) for row in self._connection.execute(_select())]
        return tuple(self.summary(collection) for collection in sorted(found, key=lambda each: each.name))

    def summary(self, collection: Collection) -> CollectionSummary:
        """How much is in the collection's generation."""
        utterances = select(UtteranceRow).where(UtteranceRow.generation_id == collection.generation.generation_id)
        encoded = utterances.where(UtteranceRow.recording_id == RecordingRow.recording_id).exists()
        customers, recordings, duration_s = self._connection.execute(
            select(
                func.count(RecordingRow.customer_id.distinct()),
                func.count(),
                func.coalesce(func.sum(RecordingRow.duration_s), 0.0),
            ).where(RecordingRow.collection_id == collection.collection_id, encoded)
        ).one()
        return CollectionSummary(
            collection=collection,
            recordings=recordings,
            utterances=self._count(utterances),
            customers=customers,
            failures=self._count(select(FailureRow).where(FailureRow.collection_id == collection.collection_id)),
            refusals=self._count(select(RefusalRow).where(RefusalRow.collection_id == collection.collection_id)),
            suppressions=self._count(
                select(SuppressionRow).where(SuppressionRow.collection_id == collection.collection_id)
            ),
            policy=Policies(self._connection).of(collection.collection_id),
            duration_s=duration_s,
        )

    def customers(self, collection_id: int, limit: int | None = None) -> tuple[str, ...]:
        """Names of all customers with recordings, or of the first `limit`, in order of code points."""
        names = select(CustomerRow.name).where(CustomerRow.collection_id == collection_id)
        if limit is not None:
            names = names.order_by(CustomerRow.name).limit(limit)
        return tuple(sorted(self._connection.scalars(names)))

    def lock(self, collection_id: int) -> None:
        """Keep other writers out of the collection until this transaction ends; SQLite's have one writer anyway."""
        self._active(_LOCK, collection_id)

    def lock_serving(self, collection: Collection) -> None:
        """`lock`, for what belongs into the generation that the collection serves from.

        Raises GenerationReplacedError if it serves from another one by now.
        """
        active, mine = self._active(_LOCK, collection.collection_id), collection.generation
        if active != mine.generation_id:
            raise GenerationReplacedError(
                f"collection {collection.name!r} was encoded anew and serves from generation {active} by now, not from "
                f"{mine.generation_id} ({mine.encoder.encoder_id}): do the same again"
            )

    def is_serving(self, collection: Collection) -> bool:
        """Whether the collection still serves from the generation that it served from when it was read."""
        return self._active(_ACTIVE, collection.collection_id) == collection.generation.generation_id

    def _active(self, statement: Query, collection_id: int) -> int:
        active = self._connection.scalar(statement, {"collection_id": collection_id})
        if active is None:
            raise NotFoundError(f"no collection with id {collection_id}")
        return int(active)

    def _count(self, rows_of: Query) -> int:
        return self._connection.scalar(select(func.count()).select_from(rows_of.subquery())) or 0

    def _insert(self, row: Any, id_column: Any, **values: Any) -> int:
        return int(self._connection.execute(insert(row).values(values).returning(id_column)).scalar_one())


def _select() -> Query:
    return select(
        CollectionRow.collection_id,
        CollectionRow.name,
        CollectionRow.created_at,
        GenerationRow.generation_id,
        GenerationRow.encoder_name,
        GenerationRow.encoder_revision,
        GenerationRow.weights_sha256,
        GenerationRow.precision,
        GenerationRow.dim,
        GenerationRow.encoder_source,
        GenerationRow.segmentation,
        GenerationRow.cleaning,
        GenerationRow.diarization,
        GenerationRow.voices,
    ).join(GenerationRow, GenerationRow.generation_id == CollectionRow.active_generation_id)


# Whatever is asked of a collection runs this first: built once, since building costs more than running.
_BY_NAME = _select().where(CollectionRow.name == bindparam("name"))
