"""K-Means over stored utterances."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.clustering import Clustering, NewClustering, Partition
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.index.kmeans import partition, silhouette
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: most central utterances kept per cluster
CENTRAL = 5


def cluster(store: Store, collection: Collection, space: Space, *, k: int, seed: int, chosen: Filter) -> Clustering:
    """Partition the utterances that `chosen` lets through, and keep the result with its parameters.

    Raises:
        QueryError: k is below 1, or above the number of (distinct) utterances.
    """
    if k < 1:
        raise QueryError(f"k is {k}: expected at least 1")
    with store.read() as unit:
        ids, vectors, labels = _utterances(unit, collection, space, chosen)
    if k > len(ids):
        raise QueryError(f"k is {k}, but only {len(ids)} utterances match: ask for at most {len(ids)} clusters")
    parts = partition(vectors, k, seed)
    new = NewClustering(
        k=k,
        seed=seed,
        space=space.name,
        filter=chosen,
        inertia=parts.inertia,
        silhouette=silhouette(vectors, parts.assignment, seed) if k > 1 else None,
        ids=ids,
        assignment=parts.assignment,
        labels=tuple(_label_shares(labels[parts.assignment == number]) for number in range(k)),
        central=tuple(_central(number, ids, vectors, parts) for number in range(k)),
    )
    with store.write() as unit:
        clustering_id = unit.clusterings.add(collection, new)
    with store.read() as unit:
        return unit.clusterings.get(collection, clustering_id)


def _utterances(
    unit: Unit, collection: Collection, space: Space, chosen: Filter
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Ids int64 (n,), vectors float32 (n, dim) and label numbers int64 (n,)."""
    scores: list[NDArray[np.float32]] = []
    if chosen.is_empty:
        ids, vectors = stored_vectors(unit, collection, space)
        scores = [part.scores for part in unit.utterances.all_vectors(collection)]
    else:
        found = unit.utterances.vectors(collection, unit.utterances.ids(collection, chosen))
        ids, vectors, scores = found.ids, space.project(found), [found.scores]
    if not len(ids):
        raise QueryError(f"nothing to cluster: no utterance of collection {collection.name!r} matches")
    return ids, vectors, np.concatenate(scores).argmax(axis=1)


def _label_shares(labels: NDArray[np.int64]) -> dict[str, float]:
    """Share of each label that occurs, the most frequent first."""
    counts = Counter(LABELS[label] for label in labels)
    return {label: count / len(labels) for label, count in counts.most_common()}


def _central(number: int, ids: NDArray[np.int64], vectors: NDArray[np.float32], parts: Partition) -> tuple[int, ...]:
    """Ids of the members nearest to the centroid, nearest first, ties by id."""
    members = np.flatnonzero(parts.assignment == number)
    distances = ((vectors[members] - parts.centroids[number]) ** 2).sum(axis=1)
    nearest = members[np.lexsort((ids[members], distances))[:CENTRAL]]
    return tuple(ids[nearest].tolist())
