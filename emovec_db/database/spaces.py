"""The spaces of a collection as Python users hold them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from emovec_db.bootstrap import Parts
from emovec_db.domain.collection import Collection
from emovec_db.domain.evaluation import Evaluation
from emovec_db.domain.fitted_space import FittedSpace
from emovec_db.domain.index_state import IndexState
from emovec_db.services.space_evaluation import evaluate


class Spaces:
    """What similar can mean in a collection. `emotion` is learned from it, the others need no fitting."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self._name = name

    def all(self) -> Mapping[str, FittedSpace | None]:
        """By name those that can be searched in now, with the fit of what is learned."""
        stored = self._stored()
        with self._parts.store.read() as unit:
            fitted = unit.fitted_spaces.find(stored)
        return {
            space.name: fitted if fitted and space.name == fitted.name else None
            for space in self._parts.spaces.of(stored)
        }

    def indexes(self) -> Mapping[str, IndexState | None]:
        """By name of the space, the index that is published on this machine; None where it is made in memory."""
        stored = self._stored()
        return self._parts.indexes.states(stored, self._parts.spaces.of(stored))

    def default(self) -> str:
        """The name of the one that searches use where none is named: what measures best of those there are."""
        return self._parts.spaces.default_name(self._stored())

    def fit(self, labels: str | Path | None = None) -> FittedSpace:
        """Learn `emotion` from all that is stored; the new version takes over when its index is made.

        An ingest does so by itself once there is enough to learn from, and again whenever the collection has doubled.

        A table of labels, as `evaluate` takes it but of the nine only, annotates recordings: annotations are stored,
        this fit and all later ones learn from them, and they go with their recording. The result's `table` tells what
        became of the rows.

        Raises:
            QueryError: there are too few utterances to learn from, or the table makes no sense.
            ConflictError: another process fitted it meanwhile; that fit holds.
        """
        return self._parts.spaces.fit(self._stored(), None if labels is None else Path(labels))

    def evaluate(self, labels: str | Path) -> Evaluation:
        """How well each space finds the same emotion, by a table of labels; nothing is stored.

        The table has the columns path (relative to it), label, speaker and sentence. For each group of speakers
        `emotion` is fitted anew to everything that is not by them.

        Raises:
            QueryError: the table makes no sense, or has fewer than four speakers of the collection.
        """
        return evaluate(self._parts.store, self._stored(), Path(labels))

    def _stored(self) -> Collection:
        with self._parts.store.read() as unit:
            return unit.collections.get(self._name)
