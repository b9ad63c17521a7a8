"""Maps: the utterances of a collection as points in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.columns import Words

#: ways to lay vectors into the plane; `index.maps` has them
MAP_METHODS: Final = ("pca", "tsne", "umap")
#: the most that any of them takes
MAX_POINTS: Final = 100_000
#: positions are 0 to this along each axis
GREATEST_POSITION: Final = 2**16 - 1
#: stands where an utterance is in no cluster of a run
NO_CLUSTER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What maps show of n stored utterances besides where they lie."""

    #: int64 (n,), ascending
    ids: NDArray[np.int64]
    #: int64 (n,)
    recording_ids: NDArray[np.int64]
    #: int8 (n,): place of the top label in `LABELS`
    labels: NDArray[np.int8]
    customers: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceMap:
    """n utterances in the plane."""

    method: str
    space: str
    #: of the space
    version: int
    seed: int
    points: Points
    #: uint16 (n, 2): 0 to `GREATEST_POSITION` along the wider axis, the other one by the same scale around its middle
    positions: NDArray[np.uint16]
    #: how many utterances there were to draw from; all are shown where it is n
    of: int
    #: share of the vectors' variance along x and y; None where the method keeps no directions
    explained: tuple[float, float] | None
    #: the run that `clusters` is of
    clustering_id: int | None = None
    #: int32 (n,): each one's cluster in that run, or `NO_CLUSTER`
    clusters: NDArray[np.int32] | None = None
