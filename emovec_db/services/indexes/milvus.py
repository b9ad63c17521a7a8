"""The indexes by Milvus: vectors in a server of its own, which follows the change log of the database.

A Milvus collection for each collection, generation, space and version. Whoever searches first brings it up to the log,
under the lock of the collection in the database, so that processes don't undo each other's changes; how far it is
stands in the Milvus collection itself, so that what is lost there is built again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.domain.query import Filter
from emovec_db.errors import IndexDamagedError, NotFoundError
from emovec_db.index.milvus.server import Held, MilvusServer
from emovec_db.index.protocol import Neighbours
from emovec_db.services.indexes.comparison import compare_index
from emovec_db.services.indexes.following import next_portion
from emovec_db.services.indexes.milvus_fields import FIELDS, fields_of
from emovec_db.services.indexes.milvus_level import MilvusLevel
from emovec_db.services.indexes.milvus_names import MilvusName
from emovec_db.services.indexes.protocol import Inspection
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.services.indexes.stored_scan import nearest_stored
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: stored vectors whose neighbours tell an index's recall
MEASURED = 20
#: what holds fewer Milvus indexes never
FLUSH_MIN = 1_024
#: numbers that the ids of one question lie between
SPAN = 10_000


class MilvusIndexes:
    """The indexes in a Milvus server, shared by all processes that search there."""

    def __init__(self, store: Store, server: MilvusServer, prefix: str) -> None:
        self._store = store
        self._server = server
        self._prefix = prefix
        self._lock = threading.Lock()
        #: by name, what this process saw last: what was written up to then its searches see
        self._seen: dict[MilvusName, tuple[int, int]] = {}

    @contextmanager
    def level(self, collection: Collection, space: Space) -> Iterator[MilvusLevel]:
        name, dim = self._name(collection, space), space.dim(collection.generation.encoder.dim)
        with self._store.read() as unit:
            held = self._server.find(str(name))
            if held is not None and held.seq == unit.changes.head(collection.collection_id):
                self._see(name, held, dim)
                yield MilvusLevel(unit, collection, space, self._server, str(name))
                return
        self._see(name, self._catch_up(collection, space), dim)
        with self._store.read() as unit:
            yield MilvusLevel(unit, collection, space, self._server, str(name))

    def rebuild(self, collection: Collection, space: Space) -> int:
        name = self._name(collection, space)
        self._server.drop(str(name))
        self._prepare(collection, space)
        return self._server.count(str(name))

    def compact(self, collection: Collection, space: Space) -> None:
        """Bring it up to the change log, so that no search has to; segments are Milvus's own matter."""
        self._catch_up(collection, space)

    def inspect(self, collection: Collection, space: Space) -> Inspection:
        with self.level(collection, space) as level:
            ids, vectors = stored_vectors(level.unit, collection, space)
            held = _Compared(self._server, level.name, ids)
            return Inspection(len(held.ids()), tuple(compare_index(held, ids, vectors)))

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        return {space.name: self._state(collection, space) for space in spaces}

    def prepare(self, target: Collection, serving: Collection, spaces: Sequence[Space]) -> None:
        """In those of the spaces in which the serving generation was searched."""
        for space in spaces:
            if self._server.find(str(self._name(serving, space))) is not None:
                self._prepare(target, space)

    def prepare_space(self, collection: Collection, space: Space) -> None:
        self._prepare(collection, space)

    def erase(self, collection: Collection) -> None:
        for name in self._names(collection):
            with self._store.write() as unit:
                unit.collections.lock(collection.collection_id)
                try:
                    target = unit.generations.get(collection, name.generation_id)
                except NotFoundError:  # of a generation that was dropped
                    self._server.drop(str(name))
                    continue
                self._take_out(unit, target, name)

    def remove_space(self, collection: Collection, name: str, *, before: int) -> None:
        for each in self._names(collection):
            if each.is_of(collection.generation.generation_id, name) and each.version < before:
                self._server.drop(str(each))

    def remove_generation(self, collection: Collection) -> None:
        for each in self._names(collection):
            if each.generation_id == collection.generation.generation_id:
                self._server.drop(str(each))

    def _name(self, collection: Collection, space: Space) -> MilvusName:
        return MilvusName.of(self._prefix, collection, space)

    def _names(self, collection: Collection) -> list[MilvusName]:
        """Those of all generations, spaces and versions of a collection."""
        return [
            name for name in map(MilvusName.read, self._server.names()) if name and name.is_of_collection(collection)
        ]

    def _see(self, name: MilvusName, held: Held, dim: int) -> None:
        """Have searches of this process see what was written so far, by others too."""
        with self._lock:
            if self._seen.get(name) != (held.collection_id, held.seq):
                self._server.load(str(name))
                self._server.touch(str(name), dim, FIELDS)
                self._seen[name] = (held.collection_id, held.seq)

    def _prepare(self, collection: Collection, space: Space) -> None:
        """Have a Milvus collection at the change log, its index made and measured."""
        name = self._name(collection, space)
        self._see(name, self._catch_up(collection, space), space.dim(collection.generation.encoder.dim))
        with self._store.read() as unit:
            ids = unit.utterances.ids(collection, Filter())
            if not len(ids):
                return
            if len(ids) >= FLUSH_MIN:
                self._server.flush(str(name))
            drawn = ids[np.unique(np.linspace(0, len(ids) - 1, MEASURED).astype(np.int64))]
            queries = space.project(unit.utterances.vectors(collection, drawn))
            right = nearest_stored(unit, collection, space, queries, min(10, len(ids)))
        found = self._server.search(str(name), queries, right.ids.shape[1])
        shares = [len(set(a) & set(b)) / len(b) for a, b in zip(found.ids.tolist(), right.ids.tolist(), strict=True)]
        self._server.measured(str(name), float(np.mean(shares)))

    def _catch_up(self, collection: Collection, space: Space) -> Held:
        """Bring a Milvus collection up to what is committed by now."""
        with self._store.read() as unit:
            # not what comes meanwhile, which could be more than Milvus takes in
            until = unit.changes.head(collection.collection_id)
        while True:
            held = self._advanced(collection, space)
            if held.seq >= until:
                return held

    def _advanced(self, collection: Collection, space: Space) -> Held:
        """Go through a portion of the change log; what is held now."""
        name = str(self._name(collection, space))
        with self._store.write() as unit:
            unit.collections.lock(collection.collection_id)
            held = self._server.find(name)
            if held is not None and held.seq > unit.changes.head(collection.collection_id):
                # the database is an older one than what Milvus followed
                self._server.drop(name)
                held = None
            if held is None:
                self._server.create(name, space.dim(collection.generation.encoder.dim), FIELDS)
                held = self._server.find(name)
            if held is None:
                raise IndexDamagedError(f"Milvus let go of {name} while it was filled: do the same again")
            portion = next_portion(unit, collection, space, held.seq)
            rows = unit.utterances.rows(collection, portion.ids.tolist())
            self._server.take_out(name, portion.gone)
            self._server.put(name, portion.ids, portion.vectors, fields_of([rows[one] for one in portion.ids.tolist()]))
            self._server.advance(name, portion.seq)
            return Held(held.collection_id, portion.seq, held.recall)

    def _take_out(self, unit: Unit, target: Collection, name: MilvusName) -> None:
        """Delete what the log says is gone; how far it was followed stays, since the rest of it was not."""
        held = self._server.find(str(name))
        seq = held.seq if held is not None else unit.changes.head(target.collection_id)
        while changes := unit.changes.since(target, seq):
            self._server.take_out(str(name), [change.utterance_id for change in changes if not change.added])
            seq = changes[-1].seq

    def _state(self, collection: Collection, space: Space) -> IndexState | None:
        name = self._name(collection, space)
        held = self._server.find(str(name))
        if held is None:
            return None
        self._see(name, held, space.dim(collection.generation.encoder.dim))
        return IndexState(kind="hnsw", recall=held.recall, size=self._server.count(str(name)), seq=held.seq)


class _Compared:
    """What a Milvus collection holds, to be compared with what is stored."""

    def __init__(self, server: MilvusServer, name: str, stored: NDArray[np.int64]) -> None:
        self._server = server
        self._name = name
        self._stored = stored

    def ids(self) -> NDArray[np.int64]:
        """Asked for by spans of numbers: Milvus gives no more than some at once, in no order."""
        first, last = (int(self._stored[0]), int(self._stored[-1])) if len(self._stored) else (0, -1)
        asked = [f"{start} <= utterance_id < {start + SPAN}" for start in range(first, last + 1, SPAN)]
        end = first + SPAN * len(asked)
        asked.append(f"utterance_id < {first} or utterance_id >= {end}")
        return np.sort(np.concatenate([self._server.ids(self._name, each) for each in asked]))

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Neighbours:
        return self._server.search(self._name, queries, k, f"utterance_id in {allowed.tolist()}")
