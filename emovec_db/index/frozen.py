"""What every frozen index can do: built once from vectors, never changed, searched by any number of threads.

A frozen index knows vectors by their row numbers, 0 to n-1, in the order in which they came; its caller keeps their ids
beside it. A filter and a set of deleted rows are the same thing to it: a mask of the rows that count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.index.protocol import Neighbours


class FrozenIndex(Protocol):
    """Unit vectors under their row numbers, searched by inner product.

    `Neighbours.ids` are row numbers here. Queries are float32 (q, dim) of length 1; a mask is bool (n,), True for the
    rows that count, None for all. What is saved is read by any number of processes from the same mapped pages.
    """

    @property
    def kind(self) -> str:
        """What a manifest says it holds, and `load_frozen` wants to be told."""

    @property
    def dim(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def exact(self) -> bool:
        """Whether search() is right in order and value; if not, ask for a few more than you need and score them again.

        At 1 M × 1024 two more than ten, scored again, give all that any number more would, and ten times as many take
        three times as long. Similarities of codes err by up to 0.003 there.
        """

    @property
    def recall(self) -> float:
        """recall@10 that was reached on rows left out of their own answer when it was built; 1 where exact."""

    @property
    def parameters(self) -> dict[str, int]:
        """How it was built and is searched (nlist, nprobe, …), to be shown and kept in a manifest."""

    def search(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        """The k nearest of each query among the rows that count, as many as there are: a mask costs no recall.

        Descending by similarity, equal ones by ascending row. Raises QueryError where queries have another dim, aren't
        of length 1 or aren't finite, where k < 1, and where the mask has another shape.
        """

    def scan(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> Neighbours:
        """As search(), but every row that counts is looked at: nothing is missed but what rounding of codes hides."""

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """What is kept of these rows, float32 (m, dim): the vectors themselves where exact, decoded codes elsewhere."""

    def without(self, rows: NDArray[np.int64]) -> Self:
        """The same without these row numbers, int64 (m,) distinct; those that stay close ranks and keep their order.

        Nothing of them is left in it, and nothing is trained or tuned again: what was learnt of all vectors stays. That
        serves while most of them do; where half are gone, build anew.
        """

    def save(self, folder: Path) -> None:
        """Write files into this existing folder; the same index gives the same bytes."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map what save() wrote; raises IndexDamagedError where it is something else, FileNotFoundError where gone.

        Files that were removed meanwhile go on being read as they were: they are held by the mapping.
        """
