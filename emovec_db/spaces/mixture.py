"""Several spaces as one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.errors import QueryError
from emovec_db.spaces.protocol import Space


@dataclass(frozen=True, slots=True)
class Mixture:
    """The weighted mean of other spaces' similarities, as one inner product.

    Each part's unit vector is scaled by the square root of its weight and the parts are concatenated, so the inner
    product is sum(weight * similarity) and the length stays 1. Raises QueryError unless the weights are positive and
    sum to 1. A new version of a part or another weight asks for a new version of the mixture.
    """

    #: (space, weight)
    parts: tuple[tuple[Space, float], ...]
    name: str = "mixture"
    version: int = 1

    def __post_init__(self) -> None:
        weights = [weight for _, weight in self.parts]
        if not all(weight > 0 for weight in weights) or not math.isclose(sum(weights), 1.0, abs_tol=1e-9):
            raise QueryError(
                f"got weights {weights} for the mixture {self.name!r}; expected positive ones that sum to 1"
            )

    def dim(self, embedding_dim: int) -> int:
        return sum(space.dim(embedding_dim) for space, _ in self.parts)

    def project(self, heard: Heard) -> NDArray[np.float32]:
        columns = [np.float32(math.sqrt(weight)) * space.project(heard) for space, weight in self.parts]
        return np.concatenate(columns, axis=1)
