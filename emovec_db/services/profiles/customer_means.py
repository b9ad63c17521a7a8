"""Where all customers of a collection lie in a space, kept in memory and level with the database.

To find the nearest customers of one, the vectors of all utterances have to be summed up by customer; that takes seconds
where there are many. So the means are kept, and brought up to the change log before each answer: a customer of whom
anything came, went or changed is summed up anew, so that nothing depends on what was there before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.customers import Owned
from emovec_db.domain.fitted_space import EMOTION
from emovec_db.domain.profile import NearestCustomer
from emovec_db.domain.query import Vectors
from emovec_db.services.profiles.heard import unit_vector
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.registry import space_named
from emovec_db.store.store import Unit

#: of all collections and spaces together: 60,000 customers in 1,024 dimensions, or millions in nine
MAX_BYTES = 256_000_000
#: after more changes, all is summed up anew
MAX_CHANGES = 50_000
#: utterances whose vectors are in memory at once
BATCH = 5_000

#: collection, generation, space, version
_Key = tuple[int, int, str, int]


def means_space(space: Space) -> Space:
    """The space in which customers are near, where they are profiled in `space`.

    `emotion` takes off what is usual for a customer, so that the means of all customers come to lie in one place: there
    the mean scores say who is like whom.
    """
    return space_named("scores") if space.name == EMOTION else space


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """All customers of a collection in one space, at one position of its change log."""

    seq: int
    owned: Owned
    #: int64 (c,), ids, ascending
    customers: NDArray[np.int64]
    names: tuple[str, ...]
    #: int64 (c,)
    recordings: NDArray[np.int64]
    #: float32 (c, dim), the normalised means of the customers' utterances
    centroids: NDArray[np.float32]

    @property
    def size_bytes(self) -> int:
        """What it holds in memory, about: a name is a hundred bytes."""
        of_utterances = 3 * self.owned.utterances.nbytes
        return of_utterances + self.centroids.nbytes + 2 * self.customers.nbytes + 100 * len(self.names)

    def nearest(self, centroid: NDArray[np.float32], count: int, *, but: str) -> tuple[NearestCustomer, ...]:
        """The customers nearest to a unit vector float32 (dim,), nearest first, ties by name; one is left out."""
        similarities = np.clip(self.centroids @ centroid, -1.0, 1.0)
        # those that tie with the last one shown are ordered too; one more, since one is left out
        least = np.sort(similarities)[-min(count + 1, len(similarities))] if len(similarities) else 0.0
        found = [
            NearestCustomer(
                customer=self.names[row], similarity=float(similarities[row]), recordings=int(self.recordings[row])
            )
            for row in np.flatnonzero(similarities >= least)
            if self.names[row] != but
        ]
        return tuple(sorted(found, key=lambda one: (-one.similarity, one.customer))[:count])


class CustomerMeans:
    """The means of the collections and spaces that were last asked for; used by many threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        #: one at a time sums a collection up, others wait for what it finds
        self._summing: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)
        self._kept: OrderedDict[_Key, tuple[Space, Means]] = OrderedDict()

    def at(self, unit: Unit, collection: Collection, space: Space) -> Means:
        """As the collection stands in this transaction, or later, where another thread has seen more."""
        key = _key(collection, space)
        with self._alone(collection):
            head = unit.changes.head(collection.collection_id)
            with self._lock:
                kept = self._kept.get(key)
            means = kept[1] if kept else None
            if means is None or means.seq < head:
                means = _level(unit, collection, space, means, head)
            self._keep(key, space, means)
            return means

    def follow(self, unit: Unit, collection: Collection) -> None:
        """Let go of whoever was deleted, in every space, also in what is being summed up right now."""
        with self._alone(collection):
            with self._lock:
                spaces = [space for key, (space, _) in self._kept.items() if key == _key(collection, space)]
            for space in spaces:
                self.at(unit, collection, space)

    def _alone(self, collection: Collection) -> threading.RLock:
        with self._lock:
            return self._summing[collection.collection_id]

    def _keep(self, key: _Key, space: Space, means: Means) -> None:
        with self._lock:
            replaced = [one for one in self._kept if one[0] == key[0] and one[1] != key[1]]
            for one in (*replaced, key):
                self._kept.pop(one, None)
            self._kept[key] = space, means
            while sum(kept.size_bytes for _, kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)


def _key(collection: Collection, space: Space) -> _Key:
    return collection.collection_id, collection.generation.generation_id, space.name, space.version


def _level(unit: Unit, collection: Collection, space: Space, kept: Means | None, head: int) -> Means:
    if kept is not None:
        changes = unit.changes.since(collection, kept.seq, MAX_CHANGES)
        if not changes:
            return replace(kept, seq=head)
        if len(changes) < MAX_CHANGES:
            changed = np.unique([change.utterance_id for change in changes])
            return _merged(unit, collection, space, kept, changed, head)
    owned = unit.customers.owned(collection)
    return _summed_up(unit, collection, space, owned, unit.utterances.all_vectors(collection, BATCH), head)


def _merged(
    unit: Unit, collection: Collection, space: Space, kept: Means, changed: NDArray[np.int64], head: int
) -> Means:
    """What was kept, with all customers summed up anew who have, or had, one of these utterances."""
    before = kept.owned.customers[np.isin(kept.owned.utterances, changed)]
    affected = np.union1d(before, unit.customers.owners(collection, changed.tolist()))
    owned = unit.customers.owned(collection, affected.tolist())
    anew = _summed_up(unit, collection, space, owned, _vectors(unit, collection, owned), head)
    stays, rows_stay = ~np.isin(kept.customers, affected), ~np.isin(kept.owned.customers, affected)
    names = [name for name, stay in zip(kept.names, stays, strict=True) if stay] + list(anew.names)
    customers = np.concatenate([kept.customers[stays], anew.customers])
    order = np.argsort(customers)
    return Means(
        seq=head,
        owned=_joined(kept.owned, rows_stay, owned),
        customers=customers[order],
        names=tuple(names[row] for row in order),
        recordings=np.concatenate([kept.recordings[stays], anew.recordings])[order],
        centroids=np.concatenate([kept.centroids[stays], anew.centroids])[order],
    )


def _joined(kept: Owned, stays: NDArray[np.bool_], anew: Owned) -> Owned:
    utterances = np.concatenate([kept.utterances[stays], anew.utterances])
    order = np.argsort(utterances)
    return Owned(
        utterances=utterances[order],
        customers=np.concatenate([kept.customers[stays], anew.customers])[order],
        recordings=np.concatenate([kept.recordings[stays], anew.recordings])[order],
    )


def _vectors(unit: Unit, collection: Collection, owned: Owned) -> Iterator[Vectors]:
    for first in range(0, len(owned.utterances), BATCH):
        yield unit.utterances.vectors(collection, owned.utterances[first : first + BATCH])


def _summed_up(
    unit: Unit, collection: Collection, space: Space, owned: Owned, parts: Iterable[Vectors], head: int
) -> Means:
    """The means of those who own anything here, from the vectors of at least those utterances."""
    customers = np.unique(owned.customers)
    sums = np.zeros((len(customers), space.dim(collection.generation.encoder.dim)), np.float64)
    for part in parts:
        theirs = np.isin(part.ids, owned.utterances)
        if not theirs.any():
            continue
        whose = owned.customers[np.searchsorted(owned.utterances, part.ids[theirs])]
        # row by row: several times as fast as np.add.at and np.add.reduceat on rows this long
        for row, vector in zip(
            np.searchsorted(customers, whose).tolist(), space.project(part.rows(theirs)), strict=True
        ):
            sums[row] += vector
    pairs = np.unique(np.stack([owned.customers, owned.recordings]), axis=1)
    named = unit.customers.names(collection.collection_id)
    return Means(
        seq=head,
        owned=owned,
        customers=customers,
        names=tuple(named[customer] for customer in customers.tolist()),
        recordings=np.bincount(np.searchsorted(customers, pairs[0]), minlength=len(customers)),
        centroids=np.array([unit_vector(row) for row in sums.astype(np.float32)], np.float32).reshape(sums.shape),
    )
