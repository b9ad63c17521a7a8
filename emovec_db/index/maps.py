"""Vectors in the plane: along their main directions, or so that near ones stay near (t-SNE, UMAP)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.space_map import GREATEST_POSITION, MAX_POINTS
from emovec_db.errors import MissingPartError, QueryError

#: directions that t-SNE and UMAP look at: more cost time and change little (van der Maaten and Hinton, JMLR 2008)
KEPT_DIRECTIONS: Final = 50
#: t-SNE's and UMAP's usual numbers of neighbours
PERPLEXITY: Final = 30.0
NEIGHBOURS: Final = 15
#: standard deviation of the first coordinates that t-SNE starts from, as scikit-learn has it
START_WIDTH: Final = 1e-4
#: fewer points than this have no neighbourhoods to keep
NEIGHBOURLY: Final = 5


@dataclass(frozen=True, slots=True)
class Directions:
    """The main directions of vectors: principal component analysis."""

    #: float32 (dim,)
    mean: NDArray[np.float32]
    #: float32 (k, dim), orthonormal, that of the greatest variance first
    axes: NDArray[np.float32]
    #: float64 (k,): share of the whole variance along each
    explained: NDArray[np.float64]

    @classmethod
    def of(cls, vectors: NDArray[np.float32], count: int) -> Directions:
        """The first `count` (at most dim) of float32 (n, dim); each points to where its greatest number is positive."""
        mean = vectors.mean(axis=0, dtype=np.float64)
        centred = vectors - mean.astype(np.float32)
        variances, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(vectors))
        variances, axes = np.maximum(variances[::-1], 0), axes.T[::-1][:count]
        signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
        whole = float(variances.sum())
        explained = (variances / whole if whole > 0 else variances)[:count]
        return cls(mean.astype(np.float32), (axes * signs[:, None]).astype(np.float32), explained)

    def along(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Float32 (n, dim) as coordinates along them, float32 (n, k)."""
        return np.asarray((vectors - self.mean) @ self.axes.T, np.float32)


@dataclass(frozen=True, slots=True)
class MapMethod:
    """A way to lay vectors into the plane."""

    #: points that it takes in reasonable time: docs/benchmarks.md
    most: int
    #: how many main directions it looks at
    directions: int
    #: from coordinates along them, float32 (n, k), and a seed to positions, float32 (n, 2)
    lay_out: Callable[[NDArray[np.float32], int], NDArray[np.float32]]
    #: whether x and y are the main directions themselves
    keeps_directions: bool = False


def map_method(name: str) -> MapMethod:
    """The method of that name.

    Raises:
        QueryError: there is none.
        MissingPartError: what computes it is not installed.
    """
    if name not in METHODS:
        raise QueryError(f"unknown method {name!r} of maps: expected one of {', '.join(METHODS)}")
    if name == "umap" and find_spec("umap") is None:
        raise MissingPartError(
            "maps by UMAP need umap-learn, not installed here: run pip install 'emovec-db[maps]', or use tsne or pca"
        )
    return METHODS[name]


def scaled(positions: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Float32 (n, 2) as they are kept in maps; one scale for both axes, so that distances stay comparable."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    span = float((high - low).max())
    if span == 0:
        return np.full(positions.shape, GREATEST_POSITION // 2, np.uint16)
    within = (positions.astype(np.float64) - (low + high) / 2) / span + 0.5
    return np.asarray(np.rint(np.clip(within, 0, 1) * GREATEST_POSITION), np.uint16)


def _first_two(coordinates: NDArray[np.float32], _seed: int) -> NDArray[np.float32]:
    """The first two coordinates; 0 for a second that a space of one dimension lacks."""
    positions = np.zeros((len(coordinates), 2), np.float32)
    positions[:, : coordinates.shape[1]] = coordinates[:, :2]
    return positions


def _tsne(coordinates: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Van der Maaten's t-SNE (Barnes-Hut, JMLR 2014) by scikit-learn, from the first two coordinates on."""
    from sklearn.manifold import TSNE  # takes seconds to load

    start = _first_two(coordinates, seed)
    if len(coordinates) < NEIGHBOURLY or not start[:, 0].any():
        return start
    start *= START_WIDTH / float(start[:, 0].std())
    perplexity = min(PERPLEXITY, (len(coordinates) - 1) / 3)
    made: Any = TSNE(2, perplexity=perplexity, init=start, random_state=seed)
    return np.asarray(made.fit_transform(coordinates), np.float32)


def _umap(coordinates: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """McInnes' UMAP (arXiv 1802.03426) by umap-learn."""
    import umap

    if len(coordinates) < NEIGHBOURLY:
        return _first_two(coordinates, seed)
    # one thread: only then does the seed decide
    made: Any = umap.UMAP(n_neighbors=min(NEIGHBOURS, len(coordinates) - 1), random_state=seed, n_jobs=1)
    return np.asarray(made.fit_transform(coordinates), np.float32)


METHODS: Final[Mapping[str, MapMethod]] = {
    "pca": MapMethod(most=MAX_POINTS, directions=2, lay_out=_first_two, keeps_directions=True),
    "tsne": MapMethod(most=5_000, directions=KEPT_DIRECTIONS, lay_out=_tsne),
    "umap": MapMethod(most=5_000, directions=KEPT_DIRECTIONS, lay_out=_umap),
}
