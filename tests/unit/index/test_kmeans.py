"""K-Means against scikit-learn, and its promises on the partition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from emovec_db.domain.clustering import Partition
from emovec_db.errors import QueryError
from emovec_db.index.kmeans import _settled, partition, silhouette
from tests.unit_vectors import grouped, unit


def squares(vectors: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.float64]:
    return ((vectors[:, None].astype(np.float64) - centroids[None].astype(np.float64)) ** 2).sum(axis=2)


def assert_whole(vectors: NDArray[np.float32], found: Partition, k: int) -> None:
    """k clusters, none empty; each vector with its nearest centroid; the inertia is theirs."""
    assert found.centroids.shape == (k, vectors.shape[1])
    assert found.centroids.dtype == np.float32
    assert found.assignment.shape == (len(vectors),)
    assert found.assignment.dtype == np.int32
    assert np.unique(found.assignment).tolist() == list(range(k))
    to_all = squares(vectors, found.centroids)
    own = to_all[np.arange(len(vectors)), found.assignment]
    assert (own <= to_all.min(axis=1) + 1e-9).all()
    assert found.inertia == pytest.approx(own.sum(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("groups", "noise", "k"), [(8, 0.5, 8), (20, 1.0, 8), (5, 2.0, 12), (30, 0.8, 30), (3, 1.0, 1)]
)
def test_inertia_is_that_of_scikit_learn_at_its_best(groups: int, noise: float, k: int) -> None:
    vectors = grouped(1500, 32, groups=groups, noise=noise)
    found = partition(vectors, k, seed=0)
    assert_whole(vectors, found, k)
    best = KMeans(k, n_init=10, random_state=0).fit(vectors).inertia_
    assert found.inertia <= 1.01 * best


def test_groups_that_stand_apart_are_found() -> None:
    groups = np.random.default_rng(0).integers(0, 12, 2000)
    centres = unit(np.random.default_rng(1).standard_normal((12, 24)))
    vectors = unit(centres[groups] + 0.02 * np.random.default_rng(2).standard_normal((2000, 24)))
    found = partition(vectors, 12, seed=5)
    assert adjusted_rand_score(groups, found.assignment) == 1.0
    for cluster in range(12):
        assert found.centroids[cluster] == pytest.approx(vectors[found.assignment == cluster].mean(axis=0), abs=1e-6)


def test_all_vectors_count_however_many_per_cluster() -> None:
    """FAISS left to itself would look at 256 per cluster; the mean of all is that of all."""
    vectors = grouped(5000, 16)
    assert partition(vectors, 1, seed=0).centroids[0] == pytest.approx(vectors.mean(axis=0), abs=1e-6)


def test_the_seed_decides() -> None:
    vectors = grouped(800, 16, groups=30, noise=2.0)
    first, again = partition(vectors, 9, seed=4), partition(vectors, 9, seed=4)
    assert first.assignment.tolist() == again.assignment.tolist()
    assert first.centroids.tolist() == again.centroids.tolist()
    assert first.inertia == again.inertia
    assert any(partition(vectors, 9, seed=seed).assignment.tolist() != first.assignment.tolist() for seed in range(4))


@settings(deadline=None, max_examples=60)
@given(distinct=st.integers(1, 12), copies=st.integers(1, 40), below=st.integers(0, 11), seed=st.integers(0, 2**32))
def test_no_cluster_is_empty_among_copies(distinct: int, copies: int, below: int, seed: int) -> None:
    vectors = np.tile(grouped(distinct, 8, groups=3, seed=seed), (copies, 1))
    k = max(1, distinct - below)
    found = partition(vectors, k, seed=seed)
    assert_whole(vectors, found, k)
    if k == distinct:
        assert found.inertia == pytest.approx(0, abs=1e-9)


def test_a_centroid_that_nothing_is_nearest_to_moves() -> None:
    vectors = grouped(400, 16, groups=6)
    found = _settled(vectors, np.concatenate([vectors[:3], -10 * vectors[:2]]))
    assert_whole(vectors, found, 5)


@settings(deadline=None, max_examples=40)
@given(gap=st.floats(3e-6, 1e-2), count=st.integers(2, 30), seed=st.integers(0, 2**32))
def test_vectors_almost_equal_are_parted_or_refused(gap: float, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(grouped(1, 8, seed=seed) + gap * rng.standard_normal((count, 8)))
    try:
        found = partition(vectors, count, seed=seed)
    except QueryError as error:
        assert gap < 1e-4, error  # noqa: PT017 - only what float32 can't hold apart may be refused
    else:
        assert_whole(vectors, found, count)


def test_more_clusters_than_distinct_vectors_are_refused() -> None:
    vectors = np.tile(unit(np.eye(4)), (10, 1))
    with pytest.raises(QueryError, match=r"got k = 5 for 4 distinct vectors \(of 40\); expected k ≤ 4"):
        partition(vectors, 5, seed=0)
    assert partition(vectors, 4, seed=0).inertia == 0


@pytest.mark.parametrize(
    ("vectors", "k", "seed", "message"),
    [
        (np.empty((0, 4), np.float32), 1, 0, "expected at least one"),
        (unit(np.eye(4)), 0, 0, "got k = 0"),
        (unit(np.eye(4)), 2, -1, "got seed = -1"),
        (np.full((2, 4), np.nan, np.float32), 1, 0, "expected finite vectors"),
        (np.full((2, 4), 2.0, np.float32), 1, 0, "vector of length 4"),
    ],
)
def test_what_makes_no_sense_is_refused(vectors: NDArray[np.float32], k: int, seed: int, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        partition(vectors, k, seed)


def test_silhouette_is_the_mean_of_all_where_all_are_drawn() -> None:
    vectors = grouped(300, 16, groups=4, noise=0.4)
    found = partition(vectors, 4, seed=0)
    distances = 1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(distances, 0)
    oracle = silhouette_samples(np.maximum(distances, 0), found.assignment, metric="precomputed").mean()
    assert silhouette(vectors, found.assignment, seed=0) == pytest.approx(oracle, abs=1e-4)


def test_silhouette_of_a_sample_is_drawn_by_the_seed() -> None:
    vectors = grouped(1200, 16, groups=4, noise=0.8)
    found = partition(vectors, 4, seed=0)
    whole = silhouette(vectors, found.assignment, seed=1)
    sampled = [silhouette(vectors, found.assignment, seed=seed, sample=300) for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]
    assert sampled[0] == pytest.approx(whole, abs=0.05)


def test_silhouette_is_none_where_it_is_not_defined() -> None:
    vectors = grouped(6, 16)
    assert silhouette(vectors, np.zeros(6, np.int32), seed=0) is None
    assert silhouette(vectors, np.arange(6, dtype=np.int32), seed=0) is None
    assert silhouette(vectors[:0], np.empty(0, np.int32), seed=0) is None
