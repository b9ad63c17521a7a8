"""Similarity search over stored utterances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Heard, Match
from emovec_db.domain.recording import Utterance
from emovec_db.domain.similar import Examples, Question
from emovec_db.errors import QueryError
from emovec_db.services.examples import Exemplified, exemplified
from emovec_db.services.indexes.protocol import Indexes, Level
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: candidates taken from an approximate index per match wanted, before exact re-scoring: ten times as many find no more
OVER_FETCH = 1.5
#: candidates per match wanted where some may have to be passed over; each further try takes as many times more
CHOOSY_FETCH = 4
#: candidates at most, whatever is passed over
MAX_CANDIDATES = 100_000


@dataclass(frozen=True, slots=True)
class Search:
    """Finds the utterances nearest to a vector in a space."""

    store: Store
    indexes: Indexes

    def near(self, collection: Collection, space: Space, heard: Heard, question: Question) -> tuple[Match, ...]:
        """Matches for one utterance that need not be stored, most similar first.

        Raises:
            QueryError: its embedding has another dimension than the collection's encoder gives, or is not finite.
        """
        embedding, dim = heard.embeddings[0], collection.generation.encoder.dim
        if embedding.shape != (dim,):
            raise QueryError(
                f"the query has {embedding.size} numbers, but embeddings of collection {collection.name!r} have {dim}"
            )
        if not np.isfinite(embedding).all():
            raise QueryError("the query holds NaN or infinite numbers")
        if question.exclude_same is not None:
            raise QueryError("exclude_same needs a query that is stored: search by utterance, recording or customer")
        found = Exemplified(space.project(heard)[0], (), frozenset())
        return self._search(collection, space, lambda _unit: found, question)

    def near_examples(
        self, collection: Collection, space: Space, examples: Examples, question: Question
    ) -> tuple[Match, ...]:
        """Matches for stored utterances, a recording or a customer.

        Raises:
            NotFoundError: the collection's active generation has no such thing.
            QueryError: the examples cancel each other out.
        """
        return self._search(collection, space, lambda unit: exemplified(unit, collection, space, examples), question)

    def _search(
        self, collection: Collection, space: Space, asked: Callable[[Unit], Exemplified], question: Question
    ) -> tuple[Match, ...]:
        with self.indexes.level(collection, space) as level:
            return _Finding(level, collection, space, question).matches(asked(level.unit))


@dataclass(frozen=True, slots=True)
class _Finding:
    """One search in one state of the collection."""

    level: Level
    collection: Collection
    space: Space
    question: Question

    def matches(self, asked: Exemplified) -> tuple[Match, ...]:
        """As many as are wanted, from more and more candidates where some are passed over."""
        wanted = self.question.k * (CHOOSY_FETCH if self.question.is_choosy else 1) + len(asked.excluded)
        while True:
            ids, similarities = self._candidates(asked.vector, wanted)
            chosen = self._chosen(asked, ids, similarities)
            if len(chosen) == self.question.k or len(ids) < wanted or wanted >= MAX_CANDIDATES:
                return chosen
            if not self.question.is_choosy or similarities[-1] < self._threshold:
                return chosen
            wanted = min(wanted * CHOOSY_FETCH, MAX_CANDIDATES)

    @property
    def _threshold(self) -> float:
        least = self.question.min_similarity
        return -np.inf if least is None else least

    def _candidates(self, vector: NDArray[np.float32], wanted: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The nearest, with exact similarities, best first."""
        exact = self.level.exact
        taken = wanted if exact else ceil(wanted * OVER_FETCH)
        found = self.level.nearest(vector[None], taken, self.question.filter)
        real = found.ids[0] >= 0
        ids, similarities = found.ids[0][real], found.similarities[0][real]
        return (ids, similarities) if exact else self._rescored(vector, ids)

    def _rescored(
        self, vector: NDArray[np.float32], ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Exact similarities from the stored vectors, best first, ties by id."""
        stored = self.level.unit.utterances.vectors(self.collection, ids)
        if not len(stored.ids):
            return stored.ids, np.empty(0, np.float32)
        similarities = self.space.project(stored) @ vector
        order = np.lexsort((stored.ids, -similarities))
        return stored.ids[order], similarities[order]

    def _chosen(
        self, asked: Exemplified, ids: NDArray[np.int64], similarities: NDArray[np.float32]
    ) -> tuple[Match, ...]:
        near = [
            (int(utterance_id), float(np.clip(similarity, -1.0, 1.0)))
            for utterance_id, similarity in zip(ids, similarities, strict=True)
            if utterance_id not in asked.excluded and similarity >= self._threshold
        ]
        if not self.question.is_choosy:
            near = near[: self.question.k]
        rows = self.level.unit.utterances.rows(self.collection, [utterance_id for utterance_id, _ in near])
        admits = _Admission(self.question, asked.like)
        matches = (Match(rows[one], similarity) for one, similarity in near if one in rows and admits(rows[one]))
        return tuple(match for match, _ in zip(matches, range(self.question.k), strict=False))


class _Admission:
    """Lets utterances through in their order, unless they are the query's own or enough of their kind went before."""

    def __init__(self, question: Question, like: Sequence[Utterance]) -> None:
        self._question = question
        self._own = {_owner(one, question.exclude_same) for one in like} - {None}
        self._taken: Counter[tuple[str, object]] = Counter()

    def __call__(self, utterance: Utterance) -> bool:
        if _owner(utterance, self._question.exclude_same) in self._own:
            return False
        groups = {
            # whoever has no customer is nobody else's
            ("customer", utterance.customer or ("recording", utterance.recording_id)): self._question.per_customer,
            ("recording", utterance.recording_id): self._question.per_recording,
        }
        if any(most is not None and self._taken[group] >= most for group, most in groups.items()):
            return False
        self._taken.update(groups.keys())
        return True


def _owner(utterance: Utterance, kind: str | None) -> object:
    """The recording, customer or speaker; None where it has none, or none is asked for."""
    if kind is None:
        return None
    return utterance.recording_id if kind == "recording" else getattr(utterance, kind)
