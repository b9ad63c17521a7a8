"""Every live index of this process: the indexes by FAISS, their snapshots beside the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.errors import NotFoundError
from emovec_db.index.snapshot import SnapshotIdentity, erase_from_snapshot, published_state, remove_snapshots
from emovec_db.services.indexes.comparison import compare_index
from emovec_db.services.indexes.live_index import LiveIndex, LiveLevel, identity_of
from emovec_db.services.indexes.protocol import Inspection
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store

log = logging.getLogger(__name__)


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

    @contextmanager
    def level(self, collection: Collection, space: Space) -> Iterator[LiveLevel]:
        live = self.of(collection, space)
        with live.level() as level:
            yield level
        live.save_if_worthwhile()

    def rebuild(self, collection: Collection, space: Space) -> int:
        return self.of(collection, space).rebuild()

    def inspect(self, collection: Collection, space: Space) -> Inspection:
        live = self.of(collection, space)
        with live.level() as level:
            problems = [*compare_index(level.index, *stored_vectors(level.unit, collection, space))]
            size = level.index.size
        damage = live.damage()
        return Inspection(size, (*problems, *([damage] if damage else [])))

    def prepare(self, target: Collection, serving: Collection, spaces: Sequence[Space]) -> None:
        """Publish snapshots, in those of the spaces in which the serving generation has any."""
        for space in spaces:
            if not LiveIndex(self._store, serving, space, self._index_dir).is_kept:
                continue
            try:
                LiveIndex(self._store, target, space, self._index_dir).rebuild()
            except OSError:
                log.exception("the index snapshots of %s could not be written ahead", target.name)

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        return {
            space.name: published_state(self._index_dir / identity_of(collection, space).folder_name)
            for space in spaces
        }

    def erase(self, collection: Collection) -> None:
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
        live = LiveIndex(self._store, collection, space, self._index_dir)
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


def _replaced(kept: _Key, key: _Key) -> bool:
    if kept.collection_id != key.collection_id:
        return False
    return kept.generation_id != key.generation_id or (kept.space == key.space and kept.version < key.version)
