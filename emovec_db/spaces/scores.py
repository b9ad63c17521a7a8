"""The space of the nine scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.spaces.rows import check_shapes, unit_rows


@dataclass(frozen=True, slots=True)
class ScoresSpace:
    """Square roots of the nine scores, which have length 1 because scores sum to 1.

    The inner product is the Bhattacharyya coefficient of the two distributions, sum(sqrt(p * q)): 1 where they are
    equal, 0 where no label has a score in both (A. Bhattacharyya, Bull. Calcutta Math. Soc. 35, 1943). One minus it is
    the squared Hellinger distance.
    """

    name: str = "scores"
    version: int = 1

    def dim(self, embedding_dim: int) -> int:  # noqa: ARG002 - the same for every encoder
        return len(LABELS)

    def project(self, heard: Heard) -> NDArray[np.float32]:
        return rooted(heard)


def rooted(heard: Heard) -> NDArray[np.float32]:
    """Square roots of the scores, float32 (n, 9) of length 1; raises QueryError where they are none."""
    check_shapes(heard)
    if (heard.scores < 0).any():
        raise QueryError(f"got a score of {heard.scores.min():.3g}; expected nine scores from 0 to 1 that sum to 1")
    # scores sum to 1 but for rounding; normalising takes the rest off
    return unit_rows(np.sqrt(heard.scores.astype(np.float64)), "scores")
