"""The space of the encoder's own embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.spaces.rows import check_shapes, unit_rows


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """The normalised embedding: the inner product is the cosine of the embeddings."""

    name: str = "embedding"
    version: int = 1

    def dim(self, embedding_dim: int) -> int:
        return embedding_dim

    def project(self, heard: Heard) -> NDArray[np.float32]:
        check_shapes(heard)
        return unit_rows(heard.embeddings.astype(np.float64), "embeddings")
