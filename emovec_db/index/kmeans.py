"""K-Means over unit vectors, Euclidean, and how well the clusters stand apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.clustering import Partition
from emovec_db.errors import QueryError
from emovec_db.index.checks import checked_vectors

#: runs from other starting points, of which the one with the least inertia is kept
RESTARTS = 3
#: starting points are drawn from at most this many vectors: more makes them no better
SEEDING_VECTORS = 20_000
#: vectors whose distances to all centroids are held in float64 at a time
BLOCK = 8192
#: a squared distance below this is float32 rounding
ROUNDING = 1e-6
#: vectors that differ by less are one vector: float32 arithmetic can't hold them apart
DISTINCT_DECIMALS = 6


def partition(vectors: NDArray[np.float32], k: int, seed: int, iterations: int = 25) -> Partition:
    """K-Means of float32 (n, dim) unit vectors into k clusters, none of them empty; the same seed gives the same.

    Starting points by k-means++ (Arthur and Vassilvitskii, SODA 2007), Lloyd's iterations by FAISS over all vectors,
    the best of `RESTARTS` runs; then each vector goes to its nearest centroid. Raises QueryError where k is below 1 or
    there are fewer than k distinct vectors.
    """
    if vectors.ndim != 2 or not len(vectors):
        raise QueryError(f"got vectors of shape {vectors.shape}; expected at least one to cluster")
    vectors = checked_vectors(vectors, vectors.shape[1])
    if seed < 0:
        raise QueryError(f"got seed = {seed}; expected 0 or more")
    _check_distinct(vectors, k)
    rng = np.random.default_rng(seed)
    runs = [_lloyd(vectors, _starting_points(vectors, k, rng), iterations) for _ in range(RESTARTS)]
    centroids, _ = min(runs, key=lambda run: run[1])
    return _settled(vectors, centroids)


def silhouette(
    vectors: NDArray[np.float32], assignment: NDArray[np.int32], seed: int, sample: int = 2000
) -> float | None:
    """Mean silhouette (Rousseeuw 1987) by cosine distance, -1..1, over at most `sample` vectors drawn by the seed.

    None where it isn't defined: all drawn vectors in one cluster, or each in its own.
    """
    from sklearn.metrics import silhouette_score  # takes seconds to load

    drawn = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:sample])
    clusters = len(np.unique(assignment[drawn]))
    if not 1 < clusters < len(drawn):
        return None
    return float(silhouette_score(vectors[drawn], assignment[drawn], metric="cosine"))


def _check_distinct(vectors: NDArray[np.float32], k: int) -> None:
    if k < 1:
        raise QueryError(f"got k = {k}; expected 1 or more clusters")
    distinct: set[bytes] = set()
    for vector in vectors:
        distinct.add((np.round(vector, DISTINCT_DECIMALS) + np.float32(0)).tobytes())  # + 0: -0 becomes 0
        if len(distinct) >= k:
            return
    raise QueryError(
        f"got k = {k} for {len(distinct)} distinct vectors (of {len(vectors)}); expected k ≤ {len(distinct)}"
    )


def _starting_points(vectors: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """k of the vectors, far apart: of a few candidates at each step the one that leaves the least inertia."""
    if len(vectors) > max(SEEDING_VECTORS, 100 * k):
        vectors = vectors[rng.choice(len(vectors), max(SEEDING_VECTORS, 100 * k), replace=False)]
    chosen = [int(rng.integers(len(vectors)))]
    squares = _squares_to(vectors, chosen)[0]
    for _ in range(1, k):
        total = squares.sum()
        chances = squares / total if total > 0 else None
        candidates = rng.choice(len(vectors), 2 + int(np.log(k)), p=chances)
        left = np.minimum(squares, _squares_to(vectors, candidates))
        best = int(left.sum(axis=1).argmin())
        chosen.append(int(candidates[best]))
        squares = left[best]
    return vectors[chosen]


def _squares_to(vectors: NDArray[np.float32], chosen: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances of these unit vectors to all, float64 (chosen, n): 2 - 2 v·c, 0 where that is rounding."""
    squares = 2 - 2 * (vectors[chosen] @ vectors.T).astype(np.float64)
    return np.where(squares > ROUNDING, squares, 0)


def _lloyd(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32], iterations: int
) -> tuple[NDArray[np.float32], float]:
    """The centroids after these iterations, and the inertia before the last of them."""
    count, dim = vectors.shape
    import faiss

    run: Any = faiss.Kmeans(
        dim,
        len(centroids),
        niter=iterations,
        # without these FAISS drops vectors beyond 256 per cluster and complains below 39
        max_points_per_centroid=count,
        min_points_per_centroid=1,
    )
    run.train(vectors, init_centroids=centroids)
    return np.asarray(run.centroids, np.float32), float(run.obj[-1])


def _settled(vectors: NDArray[np.float32], centroids: NDArray[np.float32]) -> Partition:
    """Each vector with its nearest centroid; a centroid that nothing is nearest to moves to the farthest vector."""
    k = len(centroids)
    # each round frees at least one centroid from nothing; twice k leaves room for those that it robs
    for _ in range(2 * k):
        assignment, squares = _nearest(vectors, centroids)
        empty = np.setdiff1d(np.arange(k), assignment)
        if not len(empty):
            return Partition(centroids, assignment, float(squares.sum()))
        centroids = _means(vectors, assignment, centroids)
        centroids[empty[0]] = vectors[np.argmax(squares)]
    raise QueryError(f"got k = {k}, but the vectors are too alike to form {k} clusters; expected a smaller k")


def _nearest(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Of each vector the nearest centroid, int32 (n,), and the squared distance to it, float64 (n,)."""
    points = centroids.astype(np.float64)
    assignment, squares = np.empty(len(vectors), np.int32), np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float64)
        # |v - c|² without |v|², which is the same for every centroid
        nearest = np.argmin((points**2).sum(axis=1) - 2 * block @ points.T, axis=1)
        assignment[start : start + BLOCK] = nearest
        squares[start : start + BLOCK] = ((block - points[nearest]) ** 2).sum(axis=1)
    return assignment, squares


def _means(
    vectors: NDArray[np.float32], assignment: NDArray[np.int32], centroids: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The means of the members; a cluster without members keeps its centroid."""
    means = centroids.copy()
    for cluster in np.unique(assignment):
        means[cluster] = vectors[assignment == cluster].mean(axis=0, dtype=np.float64)
    return means
