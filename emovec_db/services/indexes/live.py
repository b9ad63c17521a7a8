"""Every live index of this process: the indexes by FAISS, their snapshots beside the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.index.snapshot import SnapshotIdentity, remove_snapshots
from emovec_db.services.indexes.comparison import compare_columns, compare_index
from emovec_db.services.indexes.live_index import LiveIndex, LiveLevel
from emovec_db.services.indexes.protocol import Inspection
from emovec_db.services.indexes.snapshots import Snapshots, erase_gone
from emovec_db.services.indexes.stored import stored_columns, stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store

log = logging.getLogger(__name__)


class LiveIndexes:
    """Every live index of this process."""

    def __init__(self, store: Store, index_dir: Path) -> None:
        self._store = store
        self._index_dir = index_dir
        self._lock = threading.Lock()
        self._indexes: dict[SnapshotIdentity, LiveIndex] = {}

    def of(self, collection: Collection, space: Space) -> LiveIndex:
        """The index of this collection's generation in this space; other generations and older versions are let go."""
        snapshots = self._snapshots(collection, space)
        key = snapshots.identity
        with self._lock:
            if key not in self._indexes:
                self._indexes = {kept: live for kept, live in self._indexes.items() if not _replaced(kept, key)}
                self._indexes[key] = LiveIndex(self._store, snapshots)
            # the same version, but of people who were forgotten since it knows no more than others do
            self._indexes[key].snapshots = snapshots
            return self._indexes[key]

    def _snapshots(self, collection: Collection, space: Space) -> Snapshots:
        return Snapshots(self._store, collection, space, self._index_dir)

    @contextmanager
    def level(self, collection: Collection, space: Space) -> Iterator[LiveLevel]:
        live = self.of(collection, space)
        with live.level() as level:
            yield level
        live.save_if_worthwhile()

    def rebuild(self, collection: Collection, space: Space) -> int:
        return self._snapshots(collection, space).rebuild()

    def compact(self, collection: Collection, space: Space) -> None:
        self._snapshots(collection, space).compact()

    def inspect(self, collection: Collection, space: Space) -> Inspection:
        live = self.of(collection, space)
        with live.level() as level:
            problems = [*compare_index(level.index, *stored_vectors(level.unit, collection, space))]
            problems += compare_columns(level.filtered, stored_columns(level.unit, collection))
            size = level.index.size
        damage = live.snapshots.damage()
        return Inspection(size, (*problems, *([damage] if damage else [])))

    def prepare(self, target: Collection, serving: Collection, spaces: Sequence[Space]) -> None:
        """Publish snapshots, in those of the spaces in which the serving generation has any."""
        for space in spaces:
            if self._snapshots(serving, space).published() is None:
                continue
            try:
                self._snapshots(target, space).rebuild()
            except OSError:
                log.exception("the index snapshots of %s could not be written ahead", target.name)

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        return {space.name: self._snapshots(collection, space).state() for space in spaces}

    def erase(self, collection: Collection) -> None:
        for folder in self._index_dir.glob(f"c{collection.collection_id}-*"):
            erase_gone(self._store, collection, folder)

    def prepare_space(self, collection: Collection, space: Space) -> None:
        live = LiveIndex(self._store, self._snapshots(collection, space))
        with live.level():
            pass
        live.save_if_worthwhile()

    def remove_space(self, collection: Collection, name: str, *, before: int) -> None:
        prefix = f"c{collection.collection_id}-g{collection.generation.generation_id}-{name}-v"
        for folder in self._index_dir.glob(f"{prefix}*"):
            if int(folder.name.removeprefix(prefix)) < before:
                remove_snapshots(folder)

    def remove_generation(self, collection: Collection) -> None:
        generation_id = collection.generation.generation_id
        with self._lock:
            self._indexes = {key: live for key, live in self._indexes.items() if key.generation_id != generation_id}
        self._remove(f"c{collection.collection_id}-g{generation_id}-*")

    def _remove(self, folders: str) -> None:
        for folder in self._index_dir.glob(folders):
            remove_snapshots(folder)


def _replaced(kept: SnapshotIdentity, key: SnapshotIdentity) -> bool:
    if kept.collection_id != key.collection_id:
        return False
    return kept.generation_id != key.generation_id or (kept.space == key.space and kept.version < key.version)
