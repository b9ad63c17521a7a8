"""Maps of a collection's utterances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.domain.space_map import MAX_POINTS, NO_CLUSTER, Points, SpaceMap
from emovec_db.errors import QueryError
from emovec_db.index.maps import Directions, MapMethod, map_method, scaled
from emovec_db.services.kept_maps import KeptMaps, MapKey
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store

#: vectors that directions are learned from: more change them by less than can be seen
FITTED_ON = 20_000
#: vectors that are held at a time besides these, each page read in a transaction of its own
PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuestion:
    """Which utterances are shown, and how."""

    method: str = "pca"
    seed: int = 0
    #: points at most; a method may take fewer (`index.maps.METHODS`)
    limit: int = MAX_POINTS
    #: run whose clusters are told
    clustering_id: int | None = None
    filter: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_POINTS:
            raise QueryError(f"limit is {self.limit}: expected 1 to {MAX_POINTS}")
        if not 0 <= self.seed < 2**32:
            raise QueryError(f"seed is {self.seed}: expected 0 to {2**32 - 1}")


class Maps:
    """Makes maps, and keeps the last ones in memory until something changes in their collection."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = KeptMaps()

    def map(self, collection: Collection, space: Space, question: MapQuestion) -> SpaceMap:
        """The utterances that the filter lets through, or a sample of them, in the plane.

        The same seed draws the same sample and gives the same map. What is deleted meanwhile is left out.

        Raises:
            QueryError: there is no method of that name, or no utterance matches.
            MissingPartError: what computes the method is not installed.
            NotFoundError: there is no such run.
        """
        method = map_method(question.method)
        if question.clustering_id is not None:
            with self._store.read() as unit:
                unit.clusterings.k(collection, question.clustering_id)  # NotFoundError
        found = self._map(collection, space, method, question)
        return found if question.clustering_id is None else self._with_clusters(found, question.clustering_id)

    def forget(self) -> None:
        """Let go of every map."""
        self._kept.forget()

    def _map(self, collection: Collection, space: Space, method: MapMethod, question: MapQuestion) -> SpaceMap:
        with self._store.read() as unit:
            head = unit.changes.head(collection.collection_id)
            key = _key(collection, space, question)
            if (kept := self._kept.get(key, head)) is not None:
                return kept
            ids = unit.utterances.ids(collection, question.filter)
        if not len(ids):
            raise QueryError(f"nothing to show: no utterance of collection {collection.name!r} matches")
        made, at = self._made(collection, space, method, question, ids)
        if at == head:
            self._kept.keep(key, head, made)
            with self._store.read() as unit:  # whoever deleted just now let go of all maps before this one was kept
                self._kept.get(key, unit.changes.head(collection.collection_id))
        return made

    def _made(
        self, collection: Collection, space: Space, method: MapMethod, question: MapQuestion, ids: NDArray[np.int64]
    ) -> tuple[SpaceMap, int]:
        """The map of these or of some drawn from them, and the newest change when what is stored of them was read."""
        drawn = _drawn(ids, min(question.limit, method.most), question.seed)
        directions, present, coordinates = self._coordinates(collection, space, drawn, method.directions)
        positions = scaled(method.lay_out(coordinates, question.seed))
        with self._store.read() as unit:
            at = unit.changes.head(collection.collection_id)
            points = unit.utterances.points(collection, present.tolist())
        along_x, along_y = (*directions.explained.tolist(), 0.0)[:2]
        made = SpaceMap(
            method=question.method,
            space=space.name,
            version=space.version,
            seed=question.seed,
            points=points,
            # what was deleted meanwhile has no point any more
            positions=positions[np.searchsorted(present, points.ids)],
            of=len(ids),
            explained=(along_x, along_y) if method.keeps_directions else None,
        )
        return made, at

    def _coordinates(
        self, collection: Collection, space: Space, drawn: NDArray[np.int64], count: int
    ) -> tuple[Directions, NDArray[np.int64], NDArray[np.float32]]:
        """Main directions, and of those that are still stored ids, int64 (n,) ascending, and float32 (n, k) along them.

        Directions are learned from the first that were drawn.
        """
        pages = list(self._pages(collection, space, np.sort(drawn[:FITTED_ON])))
        vectors = np.concatenate([page for _, page in pages])
        if not len(vectors):
            raise QueryError(f"nothing to show: every utterance of collection {collection.name!r} was just deleted")
        directions = Directions.of(vectors, count)
        ids, coordinates = [some for some, _ in pages], [directions.along(vectors)]
        del pages, vectors
        for some, page in self._pages(collection, space, np.sort(drawn[FITTED_ON:])):
            ids.append(some)
            coordinates.append(directions.along(page))
        all_ids = np.concatenate(ids)
        order = np.argsort(all_ids)
        return directions, all_ids[order], np.concatenate(coordinates)[order]

    def _pages(
        self, collection: Collection, space: Space, ids: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        for start in range(0, len(ids), PAGE):
            with self._store.read() as unit:
                found = unit.utterances.vectors(collection, ids[start : start + PAGE])
            if len(found.ids):
                yield found.ids, space.project(found)

    def _with_clusters(self, found: SpaceMap, clustering_id: int) -> SpaceMap:
        with self._store.read() as unit:
            assigned = unit.clusterings.assignment(clustering_id)
        return replace(found, clustering_id=clustering_id, clusters=_clusters(found.points, *assigned))


def _key(collection: Collection, space: Space, question: MapQuestion) -> MapKey:
    return MapKey(
        collection_id=collection.collection_id,
        generation_id=collection.generation.generation_id,
        space=(space.name, space.version),
        method=question.method,
        seed=question.seed,
        limit=question.limit,
        condition=repr(question.filter.as_condition()),
    )


def _drawn(ids: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """The first `count` of the ids in an order by chance, int64 (at most count,).

    The order is by a number that id and seed make (splitmix64, Steele et al., OOPSLA 2014), so that what comes or goes
    moves nothing else: the map of a growing collection stays the map that one knows.
    """
    mixed = ids.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ids[np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")[:count]]


def _clusters(points: Points, ids: NDArray[np.int64], clusters: NDArray[np.int32]) -> NDArray[np.int32]:
    """The cluster of each point, int32 (n,), of a run's ids, int64 (m,) ascending, and clusters, int32 (m,)."""
    if not len(ids):
        return np.full(len(points.ids), NO_CLUSTER, np.int32)
    at = np.minimum(np.searchsorted(ids, points.ids), len(ids) - 1)
    return np.where(ids[at] == points.ids, clusters[at], NO_CLUSTER).astype(np.int32)
