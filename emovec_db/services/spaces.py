"""The spaces of a collection: those that need no fitting, and `emotion`, which is learned from it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.annotation import TableRead
from emovec_db.domain.collection import Collection
from emovec_db.domain.fitted_space import EMOTION, EmotionMap, FittedSpace
from emovec_db.domain.query import Filter, Vectors
from emovec_db.errors import ConflictError, EmovecError, QueryError
from emovec_db.services.annotation import annotate, annotated, annotations_in
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.labels import LabelRow
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.fitting import learn
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.registry import SPACES, space_named
from emovec_db.store.store import Store, Unit

#: what is near without fitting; it measures best of those, see docs/benchmarks.md
BEST_UNFITTED = "scores"
#: below this there is too little to learn from
FIT_MIN = 200
#: fitted again once the collection has grown by this factor since
REFIT_GROWTH = 2
#: utterances that the directions of the map are learned from; offsets of speakers are learned from all
SAMPLE = 50_000
SAMPLE_SEED = 1

log = logging.getLogger(__name__)


class Spaces:
    """Looks spaces up by name, and fits the one that is learned."""

    def __init__(self, store: Store, indexes: Indexes) -> None:
        self._store = store
        self._indexes = indexes
        self._lock = threading.Lock()
        #: by generation: what the database said of the fit when it was read, and the fit
        self._read: dict[int, tuple[tuple[int, int], EmotionSpace]] = {}

    def default_name(self, collection: Collection) -> str:
        """The space that searches use where none is named: the one that measures best of those there are."""
        with self._store.read() as unit:
            return EMOTION if unit.fitted_spaces.knows_people(collection) else BEST_UNFITTED

    def named(self, collection: Collection, name: str) -> Space:
        """The space of that name, in the version that serves.

        Raises:
            QueryError: there is none of this name, or it was never fitted to the collection.
        """
        if name != EMOTION:
            return space_named(name)
        found = self._fitted(collection)
        if found is None:
            raise QueryError(
                f"space {EMOTION!r} was not fitted to collection {collection.name!r} yet: run `emovec space fit`, or "
                f"use one of {', '.join(sorted(SPACES))}"
            )
        return found

    def of(self, collection: Collection) -> tuple[Space, ...]:
        """All that the collection can be searched in now."""
        fitted = self._fitted(collection)
        return (*SPACES.values(), *((fitted,) if fitted else ()))

    def fit(self, collection: Collection, labels: Path | None = None) -> FittedSpace:
        """Learn `emotion` from all that is stored, and have the new version take over in one transaction.

        Its index is made before, so that no search waits for it. What a table of labels says of recordings is kept
        first, for this fit and all later ones.

        Raises:
            QueryError: there are too few utterances to learn from, or the table makes no sense; nothing is kept.
            ConflictError: another process fitted it meanwhile; that fit holds.
        """
        rows = None if labels is None else annotations_in(labels)
        version, table = self._drawn_version(collection, rows)
        with self._store.read() as unit:
            seq = unit.changes.head(collection.collection_id)
            ids = unit.utterances.ids(collection, Filter())
            map_ = fitted_to(unit, collection, ids)
            told = len(unit.annotations.of_utterances(collection)[0])
        self._indexes.prepare_space(collection, EmotionSpace(version, map_))
        try:
            with self._store.write() as unit:
                unit.collections.lock(collection.collection_id)
                unit.fitted_spaces.replace(collection, version, map_, utterances=len(ids), annotated=told, seq=seq)
                # a person whose last recording was deleted since the reading
                unit.fitted_spaces.forget_unheard(collection)
        except ConflictError:
            self._indexes.remove_space(collection, EMOTION, before=version + 1)
            raise
        self._indexes.remove_space(collection, EMOTION, before=version)
        with self._store.read() as unit:
            found = unit.fitted_spaces.find(collection)
        assert found is not None
        return replace(found, table=table)

    def fit_if_grown(self, collection: Collection) -> FittedSpace | None:
        """Fit for the first time, or again after much has come; None where it is not time for that."""
        with self._store.read() as unit:
            found = unit.fitted_spaces.find(collection)
            seq = unit.changes.head(collection.collection_id)
            # the log counts at least what came, and is quicker to ask than the utterances
            if seq < FIT_MIN or (found and seq < found.seq + (REFIT_GROWTH - 1) * found.utterances):
                return None
            count = unit.utterances.count(collection)
        if count < max(FIT_MIN, REFIT_GROWTH * found.utterances if found else 0):
            return None
        try:
            return self.fit(collection)
        except (EmovecError, OSError) as error:
            # what was just stored is stored; the next ingest fits it
            log.warning("the emotion space of collection %s was not fitted: %s", collection.name, error)
            return None

    def _drawn_version(
        self, collection: Collection, rows: Sequence[LabelRow] | None = None
    ) -> tuple[int, TableRead | None]:
        """Drawn ahead: what was prepared of a fit that was killed or came too late is never taken for another's.

        With it what these rows say of recordings is kept. Raises QueryError where there is too little to fit.
        """
        with self._store.write() as unit:
            unit.collections.lock(collection.collection_id)
            count = unit.utterances.count(collection)
            if count < FIT_MIN:
                raise QueryError(
                    f"collection {collection.name!r} has {count} utterances: a fit needs at least {FIT_MIN}"
                )
            table = None if rows is None else annotate(unit, collection, rows)
            return unit.fitted_spaces.draw_version(collection), table

    def forget(self) -> None:
        """Let go of what was read of people."""
        with self._lock:
            self._read.clear()

    def _fitted(self, collection: Collection) -> EmotionSpace | None:
        generation_id = collection.generation.generation_id
        with self._store.read() as unit:
            state = unit.fitted_spaces.state(collection)
            with self._lock:
                kept = self._read.get(generation_id)
            if state is None or (kept and kept[0] == state):
                return kept[1] if kept and state else None
            space = EmotionSpace(state[0], unit.fitted_spaces.read(collection))
        with self._lock:
            self._read[generation_id] = (state, space)
        return space


def fitted_to(
    unit: Unit, collection: Collection, ids: NDArray[np.int64], keep: Callable[[Vectors], Vectors] = lambda all_: all_
) -> EmotionMap:
    """The map learned from these utterances, int64 (n,) ascending, and annotations, as far as `keep` keeps them."""
    drawn = ids
    if len(ids) > SAMPLE:
        drawn = np.sort(np.random.default_rng(SAMPLE_SEED).choice(ids, SAMPLE, replace=False))

    def everything() -> Iterator[Vectors]:
        for part in unit.utterances.all_vectors(collection):
            yield keep(part)

    sample = keep(unit.utterances.vectors(collection, drawn))
    return learn(sample, everything(), annotated(unit, collection, keep))
