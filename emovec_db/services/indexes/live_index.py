"""The index of one collection in one space, kept level with the database.

The database is the truth. A live index starts from a snapshot or from the database, and catches up from the change log
before every answer, so that a search sees what was committed before it began. Searches go on side by side; only
catching up keeps them waiting.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.index.choice import outgrown, overgrown
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.matching import is_answered
from emovec_db.index.protocol import Neighbours, VectorIndex
from emovec_db.services.indexes.shared_lock import SharedLock
from emovec_db.services.indexes.snapshots import Snapshots, is_worthwhile
from emovec_db.store.store import Store, Unit

log = logging.getLogger(__name__)

#: where nobody compacts, whoever searches does, at so many times what compaction allows
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class LiveLevel:
    """A collection in one space and one state."""

    unit: Unit
    collection: Collection
    filtered: FilteredIndex

    @property
    def index(self) -> VectorIndex:
        """The vectors."""
        return self.filtered.index

    @property
    def exact(self) -> bool:
        return self.index.exact

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        if filter.is_empty:
            return self.index.search(queries, k)
        condition = filter.as_condition()
        if is_answered(condition):
            return self.filtered.search(queries, k, condition)
        return self.index.search(queries, k, self.unit.utterances.ids(self.collection, filter))


class LiveIndex:
    """One (collection, generation, space, version); used by many threads."""

    def __init__(self, store: Store, snapshots: Snapshots) -> None:
        self._store = store
        self.snapshots = snapshots
        self._lock = SharedLock()
        self._saving = threading.Lock()
        self._index: FilteredIndex | None = None
        self._seq = 0
        #: what `published` said of the snapshot that is mapped here
        self._mapped: tuple[int, int] | None = None
        #: whether compaction looks after it from now on
        self._saved = False

    @contextmanager
    def level(self) -> Iterator[LiveLevel]:
        """A read unit and the index, both in the same state of the collection."""
        while True:
            with self._store.read() as unit:
                head = unit.changes.head(self.snapshots.collection.collection_id)
                if not self._lags(head):
                    with self._lock.shared():
                        # else another thread saw a later state meanwhile: this one's is over
                        if self._index is not None and self._seq == head:
                            yield LiveLevel(unit, self.snapshots.collection, self._index)
                            return
            with self._lock.alone():
                self._catch_up()

    def save_if_worthwhile(self) -> None:
        """Publish the first snapshot where that is worthwhile."""
        if not self._saving.acquire(blocking=False):
            return
        try:
            with self._lock.shared():
                if self._saved or self._index is None or not is_worthwhile(self._index.index.size):
                    return
                self._saved = True
                self.snapshots.publish(self._index, self._seq)
        except OSError:
            # a full disk costs the next start some time, not this search its answer
            log.exception("the index snapshot in %s could not be written", self.snapshots.folder)
        finally:
            self._saving.release()

    def _lags(self, head: int) -> bool:
        # files that were replaced, maybe for a deletion, take room as long as they are mapped
        return self._index is None or self._seq < head or self.snapshots.published() != self._mapped

    def _catch_up(self) -> None:
        mapped = self.snapshots.published()
        if self._index is None or mapped != self._mapped:
            # where another is published meanwhile, the next search maps that one
            found, self._mapped = self.snapshots.read(), mapped
            self._index, self._seq = found or (None, 0)
            self._saved = found is not None
        with self._store.read() as unit:
            level = self.snapshots.level(unit, (self._index, self._seq)) if self._index else None
            if self._index is None or level is None or outgrown(self._index.index, PATIENCE):
                self._index, level = self.snapshots.build(unit)
                self._saved = False
        self._seq = level
        if overgrown(self._index.index, PATIENCE):
            self._index, self._saved = self._index.folded(), False
