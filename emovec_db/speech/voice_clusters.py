"""How many voices some embeddings are of, and which is whose.

The algorithm and its constants are those with which CAM++'s authors publish it (3D-Speaker,
speakerlab/process/cluster.py and conf/diarization.yaml), but for two things: the last step is hierarchical instead of
K-Means with a random start, so that the same sound always gives the same voices, and of very many windows some are
clustered and the rest go to the nearest voice, so that memory is bounded.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float64]
Labels = NDArray[np.int64]

#: fewer windows than this, about half a minute of speech, are clustered by average similarity, more by their spectrum
SPECTRAL_FROM: Final = 40
#: clusters are joined while their average cosine is at least this
JOINED_FROM: Final = 0.4
#: a cluster of so few windows is no voice
NO_VOICE_UP_TO: Final = 4
#: voices whose mean embeddings have a greater cosine are one
SAME_FROM: Final = 0.8
#: share of the nearest neighbours that count in the spectrum, and their least number
NEIGHBOURS_SHARE: Final = 0.012
NEIGHBOURS_LEAST: Final = 6
MOST_VOICES: Final = 15
#: windows that are clustered at once: 25 minutes of speech, 32 MB of similarities
MOST_AT_ONCE: Final = 2000


def voices_of(embeddings: NDArray[np.float32], voices: int | None) -> Labels:
    """A number for each of float32 (n, dim), 0, 1 …: int64 (n,). `voices` is how many there are, where it is known."""
    unit = _unit(embeddings.astype(np.float64))
    some = np.linspace(0, len(unit) - 1, min(len(unit), MOST_AT_ONCE)).astype(np.int64)
    labels = _clustered(unit[some], voices)
    return labels if len(some) == len(unit) else _nearest(unit, _centroids(unit[some], labels))


def _clustered(unit: Embeddings, voices: int | None) -> Labels:
    if len(unit) == 1 or voices == 1:
        return np.zeros(len(unit), dtype=np.int64)
    labels = _by_average(unit, voices) if len(unit) < SPECTRAL_FROM else _by_spectrum(unit, voices)
    return labels if voices else _same_joined(unit, _few_given_up(unit, labels))


def _by_average(unit: Embeddings, voices: int | None) -> Labels:
    """Hierarchical clustering with average linkage."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    distances = squareform(np.maximum(0, 1 - unit @ unit.T), checks=False)
    return _cut_tree(linkage(distances, "average"), voices, 1 - JOINED_FROM)


def _by_spectrum(unit: Embeddings, voices: int | None) -> Labels:
    """By the smallest eigenvectors of the Laplacian of the nearest neighbours' graph; their gap tells how many."""
    from scipy.cluster.hierarchy import linkage
    from scipy.linalg import eigh

    similarities = unit @ unit.T
    neighbours = max(NEIGHBOURS_LEAST, len(unit) - int((1 - NEIGHBOURS_SHARE) * len(unit)))
    farther = np.argsort(similarities, axis=1)[:, :-neighbours]
    np.put_along_axis(similarities, farther, 0, axis=1)
    graph = (similarities + similarities.T) / 2
    np.fill_diagonal(graph, 0)
    laplacian = np.diag(np.abs(graph).sum(axis=1)) - graph
    values, vectors = eigh(laplacian, subset_by_index=(0, min(MOST_VOICES, len(unit) - 1)))
    count = min(voices, vectors.shape[1]) if voices else int(np.diff(values).argmax()) + 1
    return _cut_tree(linkage(vectors[:, :count], "ward"), count, 0.0)


def _cut_tree(tree: NDArray[np.float64], clusters: int | None, distance: float) -> Labels:
    """Into so many clusters, or at a distance."""
    from scipy.cluster.hierarchy import fcluster

    cut = fcluster(tree, clusters, "maxclust") if clusters else fcluster(tree, distance, "distance")
    return np.asarray(cut, dtype=np.int64) - 1


def _few_given_up(unit: Embeddings, labels: Labels) -> Labels:
    """Windows of clusters that are no voice go to the nearest that is one; where none is, all are one voice."""
    sizes = np.bincount(labels)
    kept = np.flatnonzero(sizes > NO_VOICE_UP_TO)
    if len(kept) == 0:
        return np.zeros_like(labels)
    nearest = _nearest(unit, np.stack([unit[labels == label].mean(axis=0) for label in kept]))
    return np.where(np.isin(labels, kept), np.searchsorted(kept, labels), nearest)


def _same_joined(unit: Embeddings, labels: Labels) -> Labels:
    """The nearest two voices are joined as long as they are too near."""
    while labels.max() > 0:
        centroids = _unit(_centroids(unit, labels))
        cosines = np.triu(centroids @ centroids.T, 1)
        first, second = np.unravel_index(int(cosines.argmax()), cosines.shape)
        if cosines[first, second] < SAME_FROM:
            break
        labels = np.where(labels == second, first, labels)
        labels = np.where(labels > second, labels - 1, labels)
    return labels


def _centroids(unit: Embeddings, labels: Labels) -> Embeddings:
    return np.stack([unit[labels == label].mean(axis=0) for label in range(int(labels.max()) + 1)])


def _nearest(unit: Embeddings, centroids: Embeddings) -> Labels:
    return np.asarray((unit @ _unit(centroids).T).argmax(axis=1), dtype=np.int64)


def _unit(rows: Embeddings) -> Embeddings:
    lengths: Embeddings = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, 1e-12)
