"""The snapshot of one collection in one space: read, built, compacted and published beside whoever searches in it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.errors import IndexDamagedError, NotFoundError
from emovec_db.index.choice import EXACT_LIMIT, outgrown, overgrown
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.snapshot import (
    SnapshotIdentity,
    compacting,
    erase_from_snapshot,
    published,
    published_state,
    read_snapshot,
    remove_snapshots,
    verify_snapshot,
    write_snapshot,
)
from emovec_db.services.indexes.building import built, catch_up
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: below this a rebuild from the database is as quick as a snapshot
SNAPSHOT_MIN = 5_000
#: a snapshot is written again once this share of the index has changed since
SNAPSHOT_TAIL = 0.1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Those of a collection's generation in a version of a space, one after the other."""

    store: Store
    collection: Collection
    space: Space
    index_dir: Path

    @property
    def identity(self) -> SnapshotIdentity:
        """Whose they are."""
        return SnapshotIdentity(
            collection_id=self.collection.collection_id,
            generation_id=self.collection.generation.generation_id,
            space=self.space.name,
            version=self.space.version,
        )

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.index_dir / self.identity.folder_name

    def published(self) -> tuple[int, int] | None:
        """What is another after every publishing; None where nothing is published."""
        return published(self.folder)

    def state(self) -> IndexState | None:
        """What the published one says of itself; None where there is none, or none that makes sense."""
        return published_state(self.folder)

    def read(self) -> tuple[FilteredIndex, int] | None:
        """The published one, mapped, and the position in the change log that it holds; None: there is none to use."""
        try:
            return read_snapshot(self.folder, self.identity)
        except IndexDamagedError as error:
            # a cache that can't be used is no reason to fail: the database has everything
            log.warning("%s", error)
            remove_snapshots(self.folder)
            return None

    def level(self, unit: Unit, found: tuple[FilteredIndex, int]) -> int | None:
        """Bring what was read, or built, to the unit's state, and return that; None: it is of another database's past.

        What was read before the unit began is never of a later state, unless the database was put back to an old one.
        """
        index, seq = found
        if seq > unit.changes.head(self.collection.collection_id):
            return None
        return catch_up(unit, self.collection, self.space, index, seq)

    def build(self, unit: Unit) -> tuple[FilteredIndex, int]:
        """One of all that is stored, in memory, and the position in the change log that it holds."""
        seq = unit.changes.head(self.collection.collection_id)
        return built(unit, self.collection, self.space, self.index_dir), seq

    def rebuild(self) -> int:
        """Build from the database and publish; returns how many vectors it holds."""
        with self.store.read() as unit:
            index, seq = self.build(unit)
        self.publish(index, seq)
        return index.index.size

    def compact(self) -> bool:
        """Publish one without a long tail, or of another structure where this one has outgrown its own.

        Searches go on meanwhile, and then map the new one. False: it was not worthwhile, or another process is at it.
        """
        if not self._may_be_worthwhile():
            return False
        with compacting(self.folder) as alone:
            if not alone:
                return False
            worthwhile = self._compacted()
            if worthwhile is None:
                return False
            self.publish(*worthwhile)
            return True

    def publish(self, index: FilteredIndex, seq: int) -> None:
        """What was deleted while it was made must not come back to the disk with it."""
        write_snapshot(self.folder, index.folded(), self.identity, seq)
        erase_gone(self.store, self.collection, self.folder)

    def damage(self) -> str | None:
        """What is wrong with the published one, byte by byte; None: nothing."""
        try:
            verify_snapshot(self.folder, self.identity)
        except (IndexDamagedError, FileNotFoundError) as error:
            return str(error)
        return None

    def _may_be_worthwhile(self) -> bool:
        """Told by the manifest alone: workers ask after every recording."""
        state = self.state()
        with self.store.read() as unit:
            head = unit.changes.head(self.collection.collection_id)
        if state is None:
            return is_worthwhile(head)
        changes = head - state.seq
        if state.kind == "exact" and state.size + changes > EXACT_LIMIT:
            return True
        return changes > min(EXACT_LIMIT, SNAPSHOT_TAIL * state.size)

    def _compacted(self) -> tuple[FilteredIndex, int] | None:
        found = self.read()
        with self.store.read() as unit:
            head = self.level(unit, found) if found else None
            if found is None or head is None:
                return self.build(unit) if is_worthwhile(unit.utterances.count(self.collection)) else None
            index, seq = found
            if outgrown(index.index):
                return self.build(unit)
            if overgrown(index.index) or head - seq > SNAPSHOT_TAIL * index.index.size:
                return index, head
            return None


def is_worthwhile(size: int) -> bool:
    """Whether starting without a snapshot would cost more than writing it."""
    return size >= SNAPSHOT_MIN


def erase_gone(store: Store, collection: Collection, folder: Path) -> None:
    """Take what was deleted from the snapshot in this folder, of whatever generation, space and version it is."""
    identity = SnapshotIdentity.of_folder(folder.name)

    def gone_since(seq: int) -> NDArray[np.int64]:
        gone: list[int] = []
        with store.read() as unit:
            target = unit.generations.get(collection, identity.generation_id)
            while changes := unit.changes.since(target, seq):
                gone += [change.utterance_id for change in changes if not change.added]
                seq = changes[-1].seq
        return np.array(gone, dtype=np.int64)

    try:
        erase_from_snapshot(folder, identity, gone_since)
    except NotFoundError:  # of a generation that was dropped
        remove_snapshots(folder)
