"""What is asked of whatever searches for similar utterances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.index_state import IndexState
from emovec_db.domain.query import Filter
from emovec_db.index.protocol import Neighbours
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of an index."""

    #: how many vectors it holds
    size: int
    #: in what it differs from the database, or is damaged
    problems: tuple[str, ...]


class Level(Protocol):
    """A collection in one space and one state, from the database and the index alike."""

    @property
    def unit(self) -> Unit:
        """A read transaction in that state, or in a later one."""

    @property
    def exact(self) -> bool:
        """Whether nearest() is right in order and value; if not, ask for more than you need and score them again."""

    def nearest(self, queries: NDArray[np.float32], k: int, filter: Filter) -> Neighbours:
        """The k utterances nearest to each query of float32 (q, dim), among those that the filter lets through.

        A filter costs no recall. Descending by similarity, equal ones by ascending id; ids that `unit` does not know
        are left to the caller.
        """


class Indexes(Protocol):
    """The indexes of every collection, generation and space: caches of the database, to be built anew at any time.

    A collection stands for its generation.
    """

    def level(self, collection: Collection, space: Space) -> AbstractContextManager[Level]:
        """What was committed before this is found, and what was deleted before it is not."""

    def rebuild(self, collection: Collection, space: Space) -> int:
        """Build again from the database; returns how many vectors are indexed."""

    def compact(self, collection: Collection, space: Space) -> None:
        """Bring what came since into a structure that lasts, where that is worthwhile; searches go on meanwhile."""

    def inspect(self, collection: Collection, space: Space) -> Inspection:
        """Compare the index with the database, and look for damage."""

    def states(self, collection: Collection, spaces: Iterable[Space]) -> dict[str, IndexState | None]:
        """By space, what is kept of its index; None: nothing, as of small collections."""

    def prepare(self, target: Collection, serving: Collection, spaces: Sequence[Space]) -> None:
        """Have ready what the first search of a generation needs that is about to serve.

        Called before the switch, in the spaces in which the serving one may be searched.
        """

    def prepare_space(self, collection: Collection, space: Space) -> None:
        """Have ready what the first search of a version of a space needs that is about to take over."""

    def erase(self, collection: Collection) -> None:
        """Leave nothing of what was deleted from the collection, of all generations, spaces and versions."""

    def remove_space(self, collection: Collection, name: str, *, before: int) -> None:
        """Let go of the versions of a space before this one."""

    def remove_generation(self, collection: Collection) -> None:
        """Let go of all that belongs to the collection's generation."""
