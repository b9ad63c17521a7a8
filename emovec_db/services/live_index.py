"""The index of one collection in one space, kept level with the database.

The database is the truth. A live index starts from a snapshot or from the database, and catches up from the change log
before every answer, so that a search sees what was committed before it began.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.errors import IndexDamagedError, NotFoundError
from emovec_db.index.choice import build_index, is_small, outgrown, overgrown
from emovec_db.index.protocol import VectorIndex
from emovec_db.index.snapshot import (
    SnapshotIdentity,
    erase_from_snapshot,
    published,
    published_state,
    read_snapshot,
    remove_snapshots,
    verify_snapshot,
    write_snapshot,
)
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: below this a rebuild from the database is as quick as a snapshot
SNAPSHOT_MIN = 5_000
log = logging.getLogger(__name__)

#: a snapshot is written again once this share of the index has changed since
SNAPSHOT_TAIL = 0.1


class LiveIndex:
    """One (collection, generation, space, version); used by many threads, one at a time."""

    def __init__(self, store: Store, collection: Collection, space: Space, index_dir: Path) -> None:
        self._store = store
        self._collection = collection
        self.space = space
        self._identity = _identity(collection, space)
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
    def level(self) -> Iterator[tuple[Unit, VectorIndex]]:
        """A read unit and the index, both in the same state of the collection."""
        with self._lock, self._store.read() as unit:
            self._catch_up(unit)
            assert self._index is not None
            yield unit, self._index

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


@contextmanager
def mapped_vectors(
    unit: Unit, collection: Collection, space: Space, folder: Path
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """As `stored_vectors`, but the vectors lie in a file without a name in that folder, not in memory."""
    count, dim = unit.utterances.count(collection), space.dim(collection.generation.encoder.dim)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        vectors = np.memmap(file, np.float32, "w+", shape=(count, dim))
        ids = np.empty(count, np.int64)
        filled = 0
        for part in unit.utterances.all_vectors(collection):
            ids[filled : filled + len(part.ids)] = part.ids
            vectors[filled : filled + len(part.ids)] = space.project(part)
            filled += len(part.ids)
        yield ids, vectors


def stored_vectors(unit: Unit, collection: Collection, space: Space) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """All utterances of the collection's generation: ids int64 (n,) ascending, unit vectors float32 (n, dim)."""
    ids = [np.empty(0, np.int64)]
    parts = [np.empty((0, space.dim(collection.generation.encoder.dim)), np.float32)]
    for vectors in unit.utterances.all_vectors(collection):
        ids.append(vectors.ids)
        parts.append(space.project(vectors))
    return np.concatenate(ids), np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Key:
    collection_id: int
    generation_id: int
    space: str
    version: int


class LiveIndexes:
    """Every live index of this process."""

    def __init__(self, store: Store, index_dir: Path) -> None:
        self._store = store
        self._index_dir = index_dir
        self._lock = threading.Lock()
        self._indexes: dict[_Key, LiveIndex] = {}

    def of(self, collection: Collection, space: Space) -> LiveIndex:
        """The index of this collection's generation in this space; other generations and older versions are let go."""
        key = _Key(collection.collection_id, collection.generation.generation_id, space.name, space.version)
        with self._lock:
            if key not in self._indexes:
                self._indexes = {kept: live for kept, live in self._indexes.items() if not _replaced(kept, key)}
                self._indexes[key] = LiveIndex(self._store, collection, space, self._index_dir)
            # the same version, but of people who were forgotten since it knows no more than others do
            self._indexes[key].space = space
            return self._indexes[key]

    def prepare(self, target: Collection, serving: Collection, spaces: Iterable[Space]) -> None:
        """Publish snapshots of a generation that is about to serve, in the spaces in which the serving one has any.

        The first search after the switch then need not wait for an index.
        """
        for space in spaces:
            if not LiveIndex(self._store, serving, space, self._index_dir).is_kept:
                continue
            try:
                LiveIndex(self._store, target, space, self._index_dir).rebuild()
            except OSError:
                log.exception("the index snapshots of %s could not be written ahead", target.name)

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        """By space, what is published of its index; None: nothing, as of small collections."""
        return {
            space.name: published_state(self._index_dir / _identity(collection, space).folder_name) for space in spaces
        }

    def erase(self, collection: Collection) -> None:
        """Take what was deleted from the collection's snapshots, of all generations, spaces and versions."""
        for folder in self._index_dir.glob(f"c{collection.collection_id}-*"):
            identity = SnapshotIdentity.of_folder(folder.name)
            try:
                erase_from_snapshot(folder, identity, partial(self._gone_since, collection, identity))
            except NotFoundError:  # of a generation that was dropped
                remove_snapshots(folder)

    def _gone_since(self, collection: Collection, identity: SnapshotIdentity, seq: int) -> NDArray[np.int64]:
        gone: list[int] = []
        with self._store.read() as unit:
            target = unit.generations.get(collection, identity.generation_id)
            while changes := unit.changes.since(target, seq):
                gone += [change.utterance_id for change in changes if not change.added]
                seq = changes[-1].seq
        return np.array(gone, dtype=np.int64)

    def prepare_space(self, collection: Collection, space: Space) -> None:
        """Publish a snapshot of a version of a space that is about to take over, unless the collection is small."""
        live = LiveIndex(self._store, collection, space, self._index_dir)
        with live.level():
            pass
        live.save_if_worthwhile()

    def remove_space(self, collection: Collection, name: str, *, before: int) -> None:
        """Take the snapshots of versions of a space before this one from the disk."""
        prefix = f"c{collection.collection_id}-g{collection.generation.generation_id}-{name}-v"
        for folder in self._index_dir.glob(f"{prefix}*"):
            if int(folder.name.removeprefix(prefix)) < before:
                remove_snapshots(folder)

    def remove_generation(self, collection: Collection) -> None:
        """Take the snapshots of the collection's generation from the disk, and its indexes out of memory."""
        generation_id = collection.generation.generation_id
        with self._lock:
            self._indexes = {key: live for key, live in self._indexes.items() if key.generation_id != generation_id}
        self._remove(f"c{collection.collection_id}-g{generation_id}-*")

    def _remove(self, folders: str) -> None:
        for folder in self._index_dir.glob(folders):
            remove_snapshots(folder)


def _identity(collection: Collection, space: Space) -> SnapshotIdentity:
    return SnapshotIdentity(
        collection_id=collection.collection_id,
        generation_id=collection.generation.generation_id,
        space=space.name,
        version=space.version,
    )


def _replaced(kept: _Key, key: _Key) -> bool:
    if kept.collection_id != key.collection_id:
        return False
    return kept.generation_id != key.generation_id or (kept.space == key.space and kept.version < key.version)
