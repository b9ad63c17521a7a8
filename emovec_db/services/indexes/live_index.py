"""The index of one collection in one space, kept level with the database.

The database is the truth. A live index starts from a snapshot or from the database, and catches up from the change log
before every answer, so that a search sees what was committed before it began.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.errors import IndexDamagedError
from emovec_db.index.choice import build_index, is_small, outgrown, overgrown
from emovec_db.index.protocol import Neighbours, VectorIndex
from emovec_db.index.snapshot import (
    SnapshotIdentity,
    published,
    read_snapshot,
    remove_snapshots,
    verify_snapshot,
    write_snapshot,
)
from emovec_db.services.indexes.stored import mapped_vectors, stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: below this a rebuild from the database is as quick as a snapshot
SNAPSHOT_MIN = 5_000
log = logging.getLogger(__name__)

#: a snapshot is written again once this share of the index has changed since
SNAPSHOT_TAIL = 0.1


@dataclass(frozen=True, slots=True)
class LiveLevel:
    """A collection in one space and one state."""

    unit: Unit
    collection: Collection
    index: VectorIndex

    @property
    def exact(self) -> bool:
        return self.index.exact

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        allowed = None if filter.is_empty else self.unit.utterances.ids(self.collection, filter)
        return self.index.search(queries, k, allowed=allowed)


class LiveIndex:
    """One (collection, generation, space, version); used by many threads, one at a time."""

    def __init__(self, store: Store, collection: Collection, space: Space, index_dir: Path) -> None:
        self._store = store
        self._collection = collection
        self.space = space
        self._identity = identity_of(collection, space)
        self._folder = index_dir / self._identity.folder_name
        self._lock = threading.Lock()
        self._index: VectorIndex | None = None
        self._seq = 0
        self._snapshot_seq: int | None = None
        #: what `published` said of the snapshot that is mapped here
        self._mapped: tuple[int, int] | None = None

    @property
    def is_kept(self) -> bool:
        """Whether a snapshot of it was ever published here."""
        return self._folder.is_dir()

    @contextmanager
    def level(self) -> Iterator[LiveLevel]:
        """A read unit and the index, both in the same state of the collection."""
        with self._lock, self._store.read() as unit:
            self._catch_up(unit)
            assert self._index is not None
            yield LiveLevel(unit, self._collection, self._index)

    def rebuild(self) -> int:
        """Build again from the database and publish a snapshot; returns how many vectors are indexed."""
        with self._lock, self._store.read() as unit:
            self._build(unit)
            assert self._index is not None
            size = self._index.size
            self._publish()
            return size

    def save_if_worthwhile(self) -> None:
        """Publish a snapshot when starting without it would cost more than writing it."""
        with self._lock:
            if self._index is None or self._index.size < SNAPSHOT_MIN:
                return
            if self._snapshot_seq is None or self._seq - self._snapshot_seq > SNAPSHOT_TAIL * self._index.size:
                try:
                    self._publish()
                except OSError:
                    # a full disk costs the next start some time, not this search its answer
                    log.exception("the index snapshot in %s could not be written", self._folder)

    def damage(self) -> str | None:
        """What is wrong with the published snapshot, byte by byte; None: nothing."""
        try:
            verify_snapshot(self._folder, self._identity)
        except (IndexDamagedError, FileNotFoundError) as error:
            return str(error)
        return None

    def _catch_up(self, unit: Unit) -> None:
        if self._index is not None and self._mapped is not None and published(self._folder) != self._mapped:
            # files that were replaced, maybe for a deletion, take room as long as they are mapped
            self._index = None
        if self._index is None:
            self._load(unit)
        head = unit.changes.head(self._collection.collection_id)
        while self._seq < head:
            changes = unit.changes.since(self._collection, self._seq)
            if not changes:
                break
            present = {change.utterance_id: change.added for change in changes}
            self._apply(unit, present)
            self._seq = changes[-1].seq
        self._seq = head
        if self._index is not None and outgrown(self._index):
            self._build(unit)
        elif self._index is not None and overgrown(self._index):
            self._index, self._mapped = self._index.folded(), None

    def _apply(self, unit: Unit, present: dict[int, bool]) -> None:
        assert self._index is not None
        removed = [utterance_id for utterance_id, added in present.items() if not added]
        self._index.remove(np.array(removed, dtype=np.int64))
        added = [utterance_id for utterance_id, is_added in present.items() if is_added]
        vectors = unit.utterances.vectors(self._collection, added)
        if len(vectors.ids):
            self._index.add(vectors.ids, self.space.project(vectors))

    def _load(self, unit: Unit) -> None:
        mapped = published(self._folder)
        try:
            snapshot = read_snapshot(self._folder, self._identity)
        except IndexDamagedError:
            # a cache that can't be used is no reason to fail: the database has everything
            remove_snapshots(self._folder)
            snapshot = None
        head = unit.changes.head(self._collection.collection_id)
        if snapshot is None or snapshot[1] > head:
            self._build(unit)
            return
        self._index, self._seq = snapshot
        # where another was published meanwhile, the next search maps that one
        self._snapshot_seq, self._mapped = self._seq, mapped

    def _build(self, unit: Unit) -> None:
        seq = unit.changes.head(self._collection.collection_id)
        if is_small(unit.utterances.count(self._collection)):
            self._index = build_index(*stored_vectors(unit, self._collection, self.space))
        else:
            with mapped_vectors(unit, self._collection, self.space, self._folder.parent) as (ids, vectors):
                self._index = build_index(ids, vectors)
        self._seq, self._snapshot_seq, self._mapped = seq, None, None

    def _publish(self) -> None:
        """A removal that was committed meanwhile must not leave its vector on disk: then the snapshot goes again."""
        assert self._index is not None
        write_snapshot(self._folder, self._index.folded(), self._identity, self._seq)
        self._snapshot_seq = self._seq
        if not self._index.exact:
            # from now on its pages are the files', and other processes' too
            self._index = None
        with self._store.read() as unit:
            if any(not change.added for change in unit.changes.since(self._collection, self._seq)):
                remove_snapshots(self._folder)
                self._snapshot_seq = None


def identity_of(collection: Collection, space: Space) -> SnapshotIdentity:
    """Whose index it is."""
    return SnapshotIdentity(
        collection_id=collection.collection_id,
        generation_id=collection.generation.generation_id,
        space=space.name,
        version=space.version,
    )
