"""The indexes by pgvector: in the PostgreSQL database that stores the rows.

Vectors go with their utterances, in the same transaction. They come from the change log: whoever searches first writes
what is missing. Row and vector are then read in one transaction, so that both are of one state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.domain.query import Filter
from emovec_db.errors import IndexDamagedError
from emovec_db.index.protocol import Neighbours
from emovec_db.services.indexes.comparison import compare_index
from emovec_db.services.indexes.following import next_portion
from emovec_db.services.indexes.protocol import Inspection
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit
from emovec_db.store.vector_search import MIN_WIDTH
from emovec_db.store.vector_sets import VectorSet

#: below this vectors are compared one by one, which takes no longer
INDEX_MIN = 5_000
#: changes that are taken in under one lock where there is an index, which takes some ten milliseconds for each
INDEXED_PORTION = 200
#: stored vectors whose neighbours tell an index's recall
MEASURED = 20


@dataclass(frozen=True, slots=True)
class PgvectorLevel:
    """A collection in one space and one state: its rows and its vectors, in one transaction."""

    unit: Unit
    collection: Collection
    chosen: VectorSet

    #: the index leaves some out, and pgvector rounds otherwise than numpy
    exact = False

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        found = Neighbours.none(len(queries), k)
        for row, query in enumerate(queries):
            ids, similarities = self.unit.vector_search.nearest(self.chosen, self.collection, query, k, filter)
            found.ids[row, : len(ids)], found.similarities[row, : len(ids)] = ids, similarities
        return found


class PgvectorIndexes:
    """The indexes by pgvector, shared by all processes of a database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def open(cls, store: Store) -> Self:
        """Those of a database.

        Raises:
            SettingsError: it is SQLite.
            MissingPartError: it lacks the extension, which can't be put into it from here.
        """
        with store.write() as unit:
            unit.vector_tables.require_extension()
        return cls(store)

    @contextmanager
    def level(self, collection: Collection, space: Space) -> Iterator[PgvectorLevel]:
        with self._store.read() as unit:
            found = _find(unit, collection, space)
            if found is not None and found.seq == unit.changes.head(collection.collection_id):
                yield PgvectorLevel(unit, collection, found)
                return
        self._catch_up(collection, space)
        with self._store.read() as unit:
            yield PgvectorLevel(unit, collection, _found(unit, collection, space))

    def rebuild(self, collection: Collection, space: Space) -> int:
        with self._store.read() as unit:
            found = _find(unit, collection, space)
        if found is not None:
            self._drop_index(found)
            with self._store.write() as unit:
                unit.collections.lock(collection.collection_id)
                unit.vector_sets.empty(found)
        self._catch_up(collection, space)
        with self._store.read() as unit:
            return unit.vector_sets.count(_found(unit, collection, space))

    def compact(self, collection: Collection, space: Space) -> None:
        """Bring it up to the change log, and make the index of what has become large, so that no search has to."""
        self._catch_up(collection, space)

    def inspect(self, collection: Collection, space: Space) -> Inspection:
        with self.level(collection, space) as level:
            held = _Held(level)
            problems = compare_index(held, *stored_vectors(level.unit, collection, space))
            return Inspection(len(held.ids()), tuple(problems))

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        with self._store.read() as unit:
            return {space.name: _state(unit, _find(unit, collection, space)) for space in spaces}

    def prepare(self, target: Collection, serving: Collection, spaces: Sequence[Space]) -> None:
        """In those of the spaces in which the serving generation was searched."""
        for space in spaces:
            with self._store.read() as unit:
                searched = _find(unit, serving, space) is not None
            if searched:
                self._catch_up(target, space)

    def prepare_space(self, collection: Collection, space: Space) -> None:
        self._catch_up(collection, space)

    def erase(self, collection: Collection) -> None:
        """Nothing: vectors went with their utterances."""

    def remove_space(self, collection: Collection, name: str, *, before: int) -> None:
        with self._store.read() as unit:
            kept = unit.vector_sets.of_generation(collection, name)
        self._remove(collection, [each for version, each in kept if version < before])

    def remove_generation(self, collection: Collection) -> None:
        with self._store.read() as unit:
            kept = unit.vector_sets.of_generation(collection)
        self._remove(collection, [each for _, each in kept])

    def _remove(self, collection: Collection, sets: Sequence[VectorSet]) -> None:
        for each in sets:
            self._drop_index(each)
            with self._store.write() as unit:
                unit.collections.lock(collection.collection_id)
                unit.vector_sets.remove(each)

    def _catch_up(self, collection: Collection, space: Space) -> None:
        """Have the set hold what is committed by now, and an index if it is large."""
        with self._store.read() as unit:
            # not what comes meanwhile, which could be more than an index takes in
            until = unit.changes.head(collection.collection_id)
        while self._advanced(collection, space) < until:
            pass
        with self._store.read() as unit:
            found = _found(unit, collection, space)
            if found.is_indexed or unit.vector_sets.count(found) < INDEX_MIN:
                return
        with self._store.one_by_one() as unit:
            made = unit.vector_indexing.make(found)
        if made:
            self._measure(collection, space)

    def _advanced(self, collection: Collection, space: Space) -> int:
        """Go through a portion of the change log; how far the set is now."""
        dim = space.dim(collection.generation.encoder.dim)
        with self._store.write() as unit:
            # the lock keeps deletions out, so that no vector is written of an utterance that just went
            unit.collections.lock(collection.collection_id)
            chosen = unit.vector_sets.make(collection, space.name, space.version, dim)
            limit = INDEXED_PORTION if chosen.is_indexed else None
            portion = next_portion(unit, collection, space, chosen.seq, limit)
            unit.vector_sets.replace(chosen, portion.gone, portion.ids, portion.vectors)
            unit.vector_sets.advance(chosen, portion.seq)
            return portion.seq

    def _drop_index(self, chosen: VectorSet) -> None:
        with self._store.one_by_one() as unit:
            unit.vector_indexing.drop(chosen)

    def _measure(self, collection: Collection, space: Space) -> None:
        """Keep the recall of a new index, by what it finds near some evenly spread utterances."""
        with self._store.read() as unit:
            chosen, ids = _found(unit, collection, space), unit.utterances.ids(collection, Filter())
            drawn = ids[np.unique(np.linspace(0, len(ids) - 1, MEASURED).astype(np.int64))]
            recalls = [
                _recall(unit, chosen, query) for query in space.project(unit.utterances.vectors(collection, drawn))
            ]
        with self._store.write() as unit:
            unit.vector_sets.measured(chosen, float(np.mean(recalls)))


@dataclass(frozen=True, slots=True)
class _Held:
    """What a set holds, to be compared with the database."""

    level: PgvectorLevel

    def ids(self) -> NDArray[np.int64]:
        return self.level.unit.vector_sets.ids(self.level.chosen)

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Neighbours:
        found = Neighbours.none(len(queries), k)
        for row, query in enumerate(queries):
            ids, similarities = self.level.unit.vector_search.among(self.level.chosen, query, k, allowed)
            found.ids[row, : len(ids)], found.similarities[row, : len(ids)] = ids, similarities
        return found


def _find(unit: Unit, collection: Collection, space: Space) -> VectorSet | None:
    dim = space.dim(collection.generation.encoder.dim)
    return unit.vector_sets.find(collection, space.name, space.version, dim)


def _found(unit: Unit, collection: Collection, space: Space) -> VectorSet:
    found = _find(unit, collection, space)
    if found is None:
        raise IndexDamagedError(
            f"what pgvector holds of collection {collection.name!r} in space {space.name!r} was removed meanwhile: "
            "do the same again"
        )
    return found


def _state(unit: Unit, found: VectorSet | None) -> IndexState | None:
    if found is None:
        return None
    kind, recall = ("hnsw", found.recall) if found.is_indexed else ("exact", 1.0)
    return IndexState(kind=kind, recall=recall, size=unit.vector_sets.count(found), seq=found.seq)


def _recall(unit: Unit, chosen: VectorSet, query: NDArray[np.float32], k: int = 10) -> float:
    """Share of the k that are nearest that the index finds; the query itself, which is stored, is not counted."""
    right = unit.vector_search.exactly(chosen, query, k + 1)[0]
    found = unit.vector_search.by_index(chosen, query, k + 1, MIN_WIDTH)[0]
    return (len(set(right) & set(found)) - 1) / k
