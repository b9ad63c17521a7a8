"""What every space can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard


class Space(Protocol):
    """A map to unit vectors; similarity is always their inner product.

    A space never changes: whatever would give other numbers gets another version, and with it another index.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    def dim(self, embedding_dim: int) -> int:
        """Length of the vectors that embeddings of this length become."""

    def project(self, heard: Heard) -> NDArray[np.float32]:
        """What was heard in n utterances, embeddings of length d, to C-contiguous float32 (n, dim(d)) unit vectors.

        A row depends on its own utterance and who speaks it only. Raises QueryError where a row has no direction
        (zeros, NaN, infinity) or the shapes don't fit each other.
        """
