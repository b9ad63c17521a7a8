"""Similarity search over stored utterances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter, Heard, Match
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.index.protocol import VectorIndex
from emovec_db.services.live_index import LiveIndexes
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: candidates taken from an approximate index per match wanted, before exact re-scoring: ten times as many find no more
OVER_FETCH = 1.5
MAX_K = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is searched for, besides the vector."""

    k: int = 10
    filter: Filter = field(default_factory=Filter)
    min_similarity: float | None = None
    #: utterance that must not be its own match
    without: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise QueryError(f"k is {self.k}: expected 1 to {MAX_K}")


@dataclass(frozen=True, slots=True)
class Search:
    """Finds the utterances nearest to a vector in a space."""

    store: Store
    indexes: LiveIndexes

    def near(
        self,
        collection: Collection,
        space: Space,
        embedding: NDArray[np.float32],
        scores: NDArray[np.float32],
        question: Question,
    ) -> tuple[Match, ...]:
        """Matches for an embedding float32 (dim,) with its scores float32 (9,), most similar first.

        Raises:
            QueryError: the vector has another dimension than the collection's encoder gives, or is not finite.
        """
        dim = collection.generation.encoder.dim
        if embedding.shape != (dim,):
            raise QueryError(
                f"the query has {embedding.size} numbers, but embeddings of collection {collection.name!r} have {dim}"
            )
        if not np.isfinite(embedding).all():
            raise QueryError("the query holds NaN or infinite numbers")
        vector: NDArray[np.float32] = space.project(Heard.alone(embedding, scores))[0]
        return self._search(collection, space, lambda _unit: vector, question)

    def near_utterance(
        self, collection: Collection, space: Space, utterance_id: int, question: Question
    ) -> tuple[Match, ...]:
        """Matches for a stored utterance, without itself.

        Raises:
            NotFoundError: the collection's active generation has no such utterance.
        """

        def vector_of(unit: Unit) -> NDArray[np.float32]:
            found = unit.utterances.vectors(collection, [utterance_id])
            if not len(found.ids):
                raise NotFoundError(f"collection {collection.name!r} has no utterance {utterance_id}")
            vector: NDArray[np.float32] = space.project(found)[0]
            return vector

        return self._search(collection, space, vector_of, question)

    def _search(
        self, collection: Collection, space: Space, vector_of: Callable[[Unit], NDArray[np.float32]], question: Question
    ) -> tuple[Match, ...]:
        live = self.indexes.of(collection, space)
        with live.level() as (unit, index):
            vector = vector_of(unit)
            ids, similarities = _candidates(unit, collection, index, vector, question)
            if not index.exact:
                ids, similarities = _rescored(unit, collection, space, vector, ids)
            matches = _matches(unit, collection, ids, similarities, question)
        live.save_if_worthwhile()
        return matches


def _candidates(
    unit: Unit, collection: Collection, index: VectorIndex, vector: NDArray[np.float32], question: Question
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    allowed = None if question.filter.is_empty else unit.utterances.ids(collection, question.filter)
    wanted = question.k + (question.without is not None)
    found = index.search(vector[None], wanted if index.exact else ceil(wanted * OVER_FETCH), allowed=allowed)
    real = found.ids[0] >= 0
    return found.ids[0][real], found.similarities[0][real]


def _rescored(
    unit: Unit, collection: Collection, space: Space, vector: NDArray[np.float32], ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Exact similarities from the stored vectors, best first, ties by id."""
    stored = unit.utterances.vectors(collection, ids)
    if not len(stored.ids):
        return stored.ids, np.empty(0, np.float32)
    similarities = space.project(stored) @ vector
    order = np.lexsort((stored.ids, -similarities))
    return stored.ids[order], similarities[order]


def _matches(
    unit: Unit,
    collection: Collection,
    ids: NDArray[np.int64],
    similarities: NDArray[np.float32],
    question: Question,
) -> tuple[Match, ...]:
    threshold = -np.inf if question.min_similarity is None else question.min_similarity
    kept = [
        (int(utterance_id), float(np.clip(similarity, -1.0, 1.0)))
        for utterance_id, similarity in zip(ids, similarities, strict=True)
        if utterance_id != question.without and similarity >= threshold
    ][: question.k]
    rows = unit.utterances.rows(collection, [utterance_id for utterance_id, _ in kept])
    return tuple(Match(rows[utterance_id], similarity) for utterance_id, similarity in kept if utterance_id in rows)
