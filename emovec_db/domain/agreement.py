"""How far two clusterings say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BestMatch:
    """The cluster of the second run that is most like one of the first."""

    cluster: int
    #: None where nothing of the cluster is in both runs
    match: int | None
    #: Jaccard: those in both clusters over those in either, of the utterances that are in both runs; 0 to 1
    overlap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two runs over the utterances that are stored still and in both."""

    first: int
    second: int
    both: int
    only_first: int
    only_second: int
    #: int64 (k of the first, k of the second): how many utterances are in both clusters
    contingency: NDArray[np.int64]
    #: Hubert and Arabie 1985: 1 the same, about 0 by chance
    adjusted_rand: float
    #: over the arithmetic mean of both entropies, 0 to 1
    normalised_mutual_information: float
    #: of each cluster of the first
    best_matches: tuple[BestMatch, ...]
