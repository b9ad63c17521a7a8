"""Vectors in the plane, against scikit-learn's PCA and what a neighbourhood is."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from emovec_db.domain.space_map import GREATEST_POSITION, MAP_METHODS
from emovec_db.errors import MissingPartError, QueryError
from emovec_db.index import maps
from emovec_db.index.maps import METHODS, Directions, map_method, scaled
from tests.unit_vectors import grouped, unit


def test_directions_are_those_of_scikit_learn() -> None:
    vectors = grouped(800, 24, groups=5, noise=0.6)
    found = Directions.of(vectors, 3)
    oracle = PCA(3).fit(vectors.astype(np.float64))
    np.testing.assert_allclose(found.explained, oracle.explained_variance_ratio_, rtol=1e-4)
    signs = np.sign((found.axes * oracle.components_).sum(axis=1))
    np.testing.assert_allclose(found.along(vectors), oracle.transform(vectors) * signs, atol=1e-4)
    greatest = np.abs(found.axes).argmax(axis=1)
    assert (found.axes[np.arange(3), greatest] > 0).all(), "so that no run turns the map round"


@settings(max_examples=8)
@given(count=st.integers(1, 12), dim=st.integers(2, 9), alike=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_few_vectors_have_positions_too(count: int, dim: int, alike: bool, seed: int) -> None:
    vectors = np.repeat(grouped(1, dim, seed=seed), count, axis=0) if alike else grouped(count, dim, seed=seed)
    for name in ("pca", "tsne"):
        directions = Directions.of(vectors, METHODS[name].directions)
        assert np.isfinite(directions.explained).all()
        positions = scaled(METHODS[name].lay_out(directions.along(vectors), seed))
        assert (positions.dtype, positions.shape) == (np.uint16, (count, 2))
        if alike and name == "pca":
            assert np.ptp(positions.astype(int), axis=0).tolist() == [0, 0]


def test_positions_keep_proportions() -> None:
    positions = np.array([[-1, 2], [3, 3], [1, 2.5]], np.float32)
    middle, quarter = GREATEST_POSITION / 2, GREATEST_POSITION / 4
    expected = [[0, middle - quarter / 2], [GREATEST_POSITION, middle + quarter / 2], [middle, middle]]
    np.testing.assert_allclose(scaled(positions), expected, atol=1)
    assert (scaled(np.ones((3, 2), np.float32)) == GREATEST_POSITION // 2).all()


def apart(count: int = 240) -> NDArray[np.float32]:
    """Coordinates in four groups that stand apart in ten dimensions."""
    rng = np.random.default_rng(2)
    centres = 4 * rng.standard_normal((4, 10))
    vectors = centres[np.arange(count) % 4] + 0.3 * rng.standard_normal((count, 10))
    directions = Directions.of(unit(vectors), 10)
    return directions.along(unit(vectors))


def test_tsne_keeps_neighbours_and_its_seed_decides() -> None:
    coordinates = apart()
    first, again = (METHODS["tsne"].lay_out(coordinates, 3) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert trustworthiness(coordinates, first, n_neighbors=10) > 0.9


class FakeUmap:
    """Lays out by the third and fourth coordinate, and remembers how it was asked."""

    asked: dict[str, int]

    def __init__(self, **options: int) -> None:
        FakeUmap.asked = options

    def fit_transform(self, coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
        return coordinates[:, 2:4]


def test_umap_is_asked_for_one_thread_and_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = ModuleType("umap")
    stand_in.UMAP = FakeUmap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", stand_in)
    coordinates = apart(12)
    assert METHODS["umap"].lay_out(coordinates, 7).tolist() == coordinates[:, 2:4].tolist()
    assert FakeUmap.asked == {"n_neighbors": 11, "random_state": 7, "n_jobs": 1}


def test_methods_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tuple(METHODS) == MAP_METHODS
    with pytest.raises(QueryError, match="unknown method 'mds' of maps: expected one of pca, tsne, umap"):
        map_method("mds")
    monkeypatch.setattr(maps, "find_spec", lambda _name: None)
    with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[maps\]'"):
        map_method("umap")
    assert map_method("tsne") is METHODS["tsne"]
