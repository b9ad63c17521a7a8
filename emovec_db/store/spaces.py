"""What spaces learned from the generations of collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from emovec_db.domain.collection import Collection
from emovec_db.domain.fitted_space import EMOTION, EmotionMap, FittedSpace
from emovec_db.domain.person import CUSTOMER, SPEAKER
from emovec_db.emotions import LABELS
from emovec_db.errors import ConflictError
from emovec_db.store import rows
from emovec_db.store.engine import BINARY_ROWS
from emovec_db.store.statements import chunks, table_of
from emovec_db.store.tables import (
    CustomerRow,
    FittedSpacePersonRow,
    FittedSpaceRow,
    GenerationRow,
    RecordingRow,
)
from emovec_db.store.types import VECTOR_DTYPE

#: of a fit of which nothing is kept but which versions there were
_FORGOTTEN: dict[str, Any] = {
    "utterances": 0,
    "annotated": 0,
    "embedding_mean": b"",
    "basis": b"",
    "score_mean": b"",
    "taught": None,
}


#: every search asks: built once, since building costs more than running
_ANYBODY = (
    select(FittedSpacePersonRow.person)
    .where(
        FittedSpacePersonRow.generation_id == bindparam("generation_id"), FittedSpacePersonRow.name == bindparam("name")
    )
    .limit(1)
)


class FittedSpaces:
    """The fits of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, collection: Collection, name: str = EMOTION) -> FittedSpace | None:
        """The newest fit; None where the space was never fitted."""
        row = self._connection.execute(
            select(
                FittedSpaceRow.name,
                FittedSpaceRow.version,
                FittedSpaceRow.fitted_at,
                FittedSpaceRow.utterances,
                FittedSpaceRow.annotated,
                FittedSpaceRow.seq,
                FittedSpaceRow.forgotten,
                select(func.count())
                .select_from(FittedSpacePersonRow)
                .where(
                    FittedSpacePersonRow.generation_id == FittedSpaceRow.generation_id,
                    FittedSpacePersonRow.name == FittedSpaceRow.name,
                )
                .scalar_subquery()
                .label("people"),
            ).where(*_of(collection, name))
        ).one_or_none()
        return None if row is None else FittedSpace(**row._mapping)

    def state(self, collection: Collection, name: str = EMOTION) -> tuple[int, int] | None:
        """Version, and how many people were forgotten since: what is read of a fit stays true as long as both do."""
        statement = select(FittedSpaceRow.version, FittedSpaceRow.forgotten)
        row = self._connection.execute(statement.where(*_of(collection, name))).one_or_none()
        return None if row is None else (row.version, row.forgotten)

    def knows_people(self, collection: Collection) -> bool:
        """Whether the newest fit knows anybody: for strangers it finds less than the scores do."""
        return self._connection.scalar(_ANYBODY, _key(collection)) is not None

    def draw_version(self, collection: Collection) -> int:
        """The version of a fit that begins; none is drawn twice, also where a fit never took over.

        The caller holds the collection's lock.
        """
        key = _key(collection)
        drawn = self._connection.scalar(select(FittedSpaceRow.drawn).filter_by(**key))
        if drawn is None:
            drawn = 0
            never_fitted = {**_FORGOTTEN, "version": 0, "fitted_at": rows.now(), "seq": 0}
            baselines = {"embedding_baseline": 0.0, "score_baseline": 0.0}
            self._connection.execute(insert(table_of(FittedSpaceRow)), {**key, **never_fitted, **baselines})
        self._connection.execute(update(FittedSpaceRow).filter_by(**key).values(drawn=drawn + 1))
        return drawn + 1

    def read(self, collection: Collection, name: str = EMOTION) -> EmotionMap:
        """The numbers of the newest fit, which must be there."""
        fit = self._connection.execute(
            select(FittedSpaceRow).where(*_of(collection, name)), execution_options=BINARY_ROWS
        ).one()
        people = select(FittedSpacePersonRow.person, FittedSpacePersonRow.offsets)
        offsets = self._connection.execute(
            people.filter_by(generation_id=collection.generation.generation_id, name=name),
            execution_options=BINARY_ROWS,
        )
        dim = collection.generation.encoder.dim
        return EmotionMap(
            embedding_mean=_array(fit.embedding_mean),
            basis=_array(fit.basis).reshape(dim, -1),
            score_mean=_array(fit.score_mean),
            embedding_baseline=fit.embedding_baseline,
            score_baseline=fit.score_baseline,
            taught=None if fit.taught is None else _array(fit.taught).reshape(dim + len(LABELS), -1),
            taught_baseline=fit.taught_baseline,
            taught_weight=fit.taught_weight,
            offsets={row.person: _array(row.offsets) for row in offsets},
        )

    def replace(
        self, collection: Collection, version: int, map_: EmotionMap, *, utterances: int, annotated: int = 0, seq: int
    ) -> None:
        """Put the fit of this version in the place of the one before, from this transaction's commit on.

        The caller holds the collection's lock. Raises ConflictError where a fit that began later took over meanwhile,
        or the version was never drawn.
        """
        key = _key(collection)
        taken_over = update(FittedSpaceRow).filter_by(**key).where(FittedSpaceRow.version < version)
        taken_over = taken_over.values(
            version=version,
            fitted_at=rows.now(),
            utterances=utterances,
            annotated=annotated,
            seq=seq,
            forgotten=0,
            embedding_mean=_bytes(map_.embedding_mean),
            basis=_bytes(map_.basis),
            score_mean=_bytes(map_.score_mean),
            taught=None if map_.taught is None else _bytes(map_.taught),
            embedding_baseline=map_.embedding_baseline,
            score_baseline=map_.score_baseline,
            taught_baseline=map_.taught_baseline,
            taught_weight=map_.taught_weight,
        )
        if not self._connection.execute(taken_over.returning(FittedSpaceRow.version)).all():
            raise ConflictError(
                f"the emotion space of collection {collection.name!r} was fitted by another process meanwhile: "
                "that fit holds"
            )
        self._connection.execute(delete(FittedSpacePersonRow).filter_by(**key))
        people = [{**key, "person": person, "offsets": _bytes(one)} for person, one in map_.offsets.items()]
        for some in chunks(people):
            self._connection.execute(insert(table_of(FittedSpacePersonRow)), list(some))

    def forget_unheard(self, collection: Collection) -> None:
        """Drop the people of the newest fit who have no recording left."""
        people = select(FittedSpacePersonRow.person).filter_by(
            generation_id=collection.generation.generation_id, name=EMOTION
        )
        known = self._connection.scalars(people).all()
        speakers = [person.removeprefix(SPEAKER) for person in known if person.startswith(SPEAKER)]
        customers = [person.removeprefix(CUSTOMER) for person in known if person.startswith(CUSTOMER)]
        forget_people(self._connection, collection.collection_id, speakers, customers)


def forget_people(
    connection: Connection, collection_id: int, speakers: Iterable[str], customers: Iterable[str]
) -> None:
    """Drop what fits say of those of these people who have no recording left in the collection."""
    gone = [SPEAKER + name for name in _without_recordings(connection, collection_id, speakers)]
    gone += [CUSTOMER + name for name in _without_name(connection, collection_id, customers)]
    generations = select(GenerationRow.generation_id).where(GenerationRow.collection_id == collection_id)
    for some in chunks(sorted(gone)):
        dropped = connection.execute(
            delete(FittedSpacePersonRow)
            .where(FittedSpacePersonRow.generation_id.in_(generations), FittedSpacePersonRow.person.in_(some))
            .returning(FittedSpacePersonRow.generation_id)
        ).scalars()
        for generation_id in set(dropped.all()):
            connection.execute(
                update(FittedSpaceRow)
                .where(FittedSpaceRow.generation_id == generation_id)
                .values(forgotten=FittedSpaceRow.forgotten + 1)
            )
    if connection.scalar(select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection_id).limit(1)):
        return
    # means over all people are about the last one too; the version stays, so that none comes twice
    connection.execute(update(FittedSpaceRow).where(FittedSpaceRow.generation_id.in_(generations)).values(**_FORGOTTEN))


def _without_recordings(connection: Connection, collection_id: int, speakers: Iterable[str]) -> set[str]:
    names = set(speakers)
    for some in chunks(sorted(names)):
        left = select(RecordingRow.speaker).where(
            RecordingRow.collection_id == collection_id, RecordingRow.speaker.in_(some)
        )
        names -= set(connection.scalars(left.distinct()))
    return names


def _without_name(connection: Connection, collection_id: int, customers: Iterable[str]) -> set[str]:
    """Of these names of customers those that the collection has no more: they go with the last recording."""
    names = set(customers)
    for some in chunks(sorted(names)):
        left = select(CustomerRow.name).where(CustomerRow.collection_id == collection_id, CustomerRow.name.in_(some))
        names -= set(connection.scalars(left))
    return names


def _of(collection: Collection, name: str) -> tuple[Any, ...]:
    """Conditions that find a fit, unless everybody of it was forgotten."""
    of_generation = FittedSpaceRow.generation_id == collection.generation.generation_id
    return of_generation, FittedSpaceRow.name == name, FittedSpaceRow.utterances > 0


def _key(collection: Collection) -> dict[str, Any]:
    return {"generation_id": collection.generation.generation_id, "name": EMOTION}


def _bytes(array: NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(array, dtype=VECTOR_DTYPE).tobytes()


def _array(stored: bytes) -> NDArray[np.float32]:
    return np.frombuffer(stored, dtype=VECTOR_DTYPE).astype(np.float32, copy=False)
