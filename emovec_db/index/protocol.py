"""What every index can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

#: stands where fewer than k neighbours exist
NO_ID = -1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest k of each of q queries, nearest first."""

    #: int64 (q, k), -1 where there are fewer than k
    ids: NDArray[np.int64]
    #: float32 (q, k), inner products, -inf where there are fewer than k
    similarities: NDArray[np.float32]

    @classmethod
    def none(cls, queries: int, k: int) -> Neighbours:
        """Nothing found, to be filled in."""
        return cls(np.full((queries, k), NO_ID, np.int64), np.full((queries, k), -np.inf, np.float32))


class VectorIndex(Protocol):
    """Unit vectors under the caller's ids, searched by inner product.

    Ids are int64 and not negative; vectors are float32 (n, dim) of length 1. Every method raises QueryError where
    vectors have another dim, aren't of length 1 or aren't finite. Searches may run side by side; a caller that adds or
    removes keeps others out meanwhile.
    """

    @property
    def kind(self) -> str:
        """``exact`` or ``layered``: what a snapshot's manifest says it holds."""

    @property
    def dim(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def exact(self) -> bool:
        """Whether search() is right in order and value; if not, ask for more than you need and score them again."""

    @property
    def recall(self) -> float:
        """recall@10 of unfiltered search, as measured when the index was built; 1 where exact."""

    @property
    def built_size(self) -> int:
        """How many vectors it was built from, for telling when it has outgrown its structure."""

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors; an id that is present is replaced. Raises QueryError where an id comes twice."""

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove these ids, ignoring unknown ones; returns how many went."""

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The k nearest of each query of float32 (q, dim), among `allowed` (sorted, unique; unknown ids ignored).

        Descending by similarity, equal ones by ascending id.
        """

    def search_among(
        self, queries: NDArray[np.float32], k: int, frozen: NDArray[np.bool_], others: NDArray[np.int64]
    ) -> Neighbours:
        """As search(), among these of `frozen_ids`, bool in their order, and these others, sorted and unique.

        Quicker than by ids where many are allowed.
        """

    def ids(self) -> NDArray[np.int64]:
        """All ids, ascending."""

    @property
    def frozen_ids(self) -> NDArray[np.int64]:
        """Ids of rows that never change their order, -1 where one is gone; none where every row may move."""

    @property
    def tail_size(self) -> int:
        """How many vectors were added that a search compares one by one, beside what it was built of."""

    @property
    def has_gone(self) -> bool:
        """Whether something of removed vectors is left in it."""

    def folded(self) -> Self:
        """The same without a tail and with nothing left of what was removed; trains nothing. May be itself."""

    def save(self, folder: Path) -> None:
        """Write files into this existing folder."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what save() wrote; raises IndexDamagedError where it is something else, FileNotFoundError where gone."""
