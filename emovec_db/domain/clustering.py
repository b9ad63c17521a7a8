"""K-Means runs over stored utterances."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Utterance
from emovec_db.errors import QueryError

#: characters of a cluster's name at most
MAX_NAME: Final = 80
#: control characters, halves of a pair, ends of lines and paragraphs
_NOT_IN_NAMES: Final = {"Cc", "Cs", "Zl", "Zp"}


def cluster_name(text: str) -> str | None:
    """What a cluster is to be called, without spaces around it; None where nothing is left.

    Raises:
        QueryError: it is too long, or holds control characters.
    """
    name = text.strip()
    if len(name) > MAX_NAME:
        raise QueryError(f"the name has {len(name)} characters: expected at most {MAX_NAME}")
    if any(unicodedata.category(character) in _NOT_IN_NAMES for character in name):
        raise QueryError(f"the name {name!r} holds control characters: expected text on one line")
    return name or None


@dataclass(frozen=True, slots=True)
class Partition:
    """What K-Means gives for n unit vectors."""

    #: float32 (k, dim), the means of the members
    centroids: NDArray[np.float32]
    #: int32 (n,)
    assignment: NDArray[np.int32]
    #: sum of squared Euclidean distances to the own centroid
    inertia: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One group."""

    cluster: int
    size: int
    #: share of each label among the members, by label, only labels that occur
    labels: dict[str, float]
    #: the utterances nearest to the centroid, nearest first
    central: tuple[Utterance, ...]
    #: what people call it
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """One stored K-Means run and its parameters."""

    clustering_id: int
    k: int
    seed: int
    space: str
    filter: Filter
    utterances: int
    inertia: float
    #: mean silhouette (cosine) over at most 2,000 utterances drawn by the seed; None where k = 1
    silhouette: float | None
    created_at: datetime
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClustering:
    """A K-Means run over n utterances that is about to be stored."""

    k: int
    seed: int
    space: str
    filter: Filter
    inertia: float
    silhouette: float | None
    #: int64 (n,), the clustered utterances
    ids: NDArray[np.int64]
    #: int32 (n,), the cluster 0..k-1 of each
    assignment: NDArray[np.int32]
    #: per cluster, share of each label among the members, only labels that occur
    labels: tuple[dict[str, float], ...]
    #: per cluster, ids of the utterances nearest to the centroid, nearest first
    central: tuple[tuple[int, ...], ...]
