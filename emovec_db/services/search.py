"""Similarity search over stored utterances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from math import ceil

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.answer import Answer
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Match
from emovec_db.domain.similar import Examples, Question
from emovec_db.domain.sought import Sought
from emovec_db.errors import UserError
from emovec_db.index.choice import is_small
from emovec_db.index.exact import precise
from emovec_db.services.asked import Asked, asked_of_unstored
from emovec_db.services.cursors import digest_of, page_of
from emovec_db.services.examples import exemplified, turned_away
from emovec_db.services.explaining import explanation
from emovec_db.services.grouping import grouped
from emovec_db.services.indexes.protocol import Indexes, Level
from emovec_db.services.indexes.stored_scan import StoredScan
from emovec_db.services.near_duplicates import NearDuplicates
from emovec_db.services.passing_over import PassingOver
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit

#: candidates taken from an approximate index per match wanted, before exact re-scoring: ten times as many find no more
OVER_FETCH = 1.5
#: candidates per match wanted where some may have to be passed over; each further try takes as many times more
CHOOSY_FETCH = 4
#: candidates at most, whatever is passed over
MAX_CANDIDATES = 100_000
#: candidates whose rows are read at a time
ROWS = 1_000
#: queries that the index is asked at a time: their candidates are in memory together
QUERIES = 100


@dataclass(frozen=True, slots=True)
class Search:
    """Finds the utterances nearest to a vector in a space."""

    store: Store
    indexes: Indexes

    def near(self, collection: Collection, space: Space, sought: Sought, question: Question) -> Answer:
        """What is nearest to what is searched for, most similar first.

        Raises:
            NotFoundError: the collection's active generation has no such utterance, recording or customer.
            QueryError: examples cancel each other out, or `services.asked` says why not.
        """
        (answer,) = self.near_each(collection, space, [sought], question)
        if isinstance(answer, UserError):
            raise answer
        return answer

    def near_each(
        self, collection: Collection, space: Space, sought: Sequence[Sought], question: Question
    ) -> tuple[Answer | UserError, ...]:
        """An answer for each, in their order, all of one state of the collection; for what `near` raises, that."""
        with self._level(collection, space, question) as level:
            asked = [_asked(level.unit, collection, space, one, question) for one in sought]
            finding = _Finding(level, collection, space, question)
            sound = [one for one in asked if isinstance(one, Asked)]
            answers = chain.from_iterable(
                finding.answers(sound[start : start + QUERIES]) for start in range(0, len(sound), QUERIES)
            )
            return tuple(next(answers) if isinstance(one, Asked) else one for one in asked)

    @contextmanager
    def _level(self, collection: Collection, space: Space, question: Question) -> Iterator[Level]:
        """What is searched; a long scan keeps no index busy."""
        if question.exact:
            with self.store.read() as unit:
                if not is_small(unit.utterances.count(collection)):
                    yield StoredScan(unit, collection, space)
                    return
        with self.indexes.level(collection, space) as level:
            # what shrank since its index was built may be small and have an approximate one
            yield StoredScan(level.unit, collection, space) if question.exact and not level.exact else level


@dataclass(frozen=True, slots=True)
class _Found:
    """Matches from the first on, and whether there may be more."""

    matches: tuple[Match, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class _Finding:
    """One search in one state of the collection."""

    level: Level
    collection: Collection
    space: Space
    question: Question

    def answers(self, each: Sequence[Asked]) -> tuple[Answer, ...]:
        """In their order."""
        if self.question.group_by is not None:
            return tuple(self._in_groups(asked) for asked in each)
        return tuple(self._answer(asked, found) for asked, found in zip(each, self.matches(each), strict=True))

    def _answer(self, asked: Asked, found: _Found) -> Answer:
        matches, next_cursor = page_of(found.matches, self.question, asked.digest, more=found.more)
        return Answer(space=self.space.name, matches=matches, scores=asked.scores, next_cursor=next_cursor)

    def _in_groups(self, asked: Asked) -> Answer:
        def find(question: Question, recording_id: int | None) -> tuple[Match, ...]:
            level = self.level
            if recording_id is not None:
                level = StoredScan(level.unit, self.collection, self.space, recording_id)
            (found,) = replace(self, level=level, question=question).matches([asked])
            return found.matches[: question.k]

        (heads,) = replace(self, question=self.question.for_heads()).answers([asked])
        groups = grouped(self.question, heads, find)
        return replace(heads, matches=tuple(match for group in groups for match in group.matches), groups=groups)

    def matches(self, each: Sequence[Asked]) -> tuple[_Found, ...]:
        """As many for each as are wanted, from more and more candidates where some are passed over."""
        found = [_Found((), more=False)] * len(each)
        waiting = list(range(len(each)))
        wanted = self._limit * (CHOOSY_FETCH if self.question.is_choosy else 1)
        wanted += max((len(asked.excluded) for asked in each), default=0)
        while waiting:
            candidates = self._candidates(np.stack([each[at].vector for at in waiting]), wanted)
            for at, (ids, similarities) in zip(tuple(waiting), candidates, strict=True):
                chosen, ends = self._chosen(each[at], ids, similarities), self._ends(similarities, wanted)
                found[at] = _Found(chosen, more=len(chosen) == self._limit or not ends)
                if ends or len(chosen) >= self.question.depth:
                    waiting.remove(at)
            wanted = min(wanted * CHOOSY_FETCH, MAX_CANDIDATES)
        return tuple(found)

    @property
    def _limit(self) -> int:
        """One more than is wanted, to see whether there are more."""
        return self.question.depth + 1

    def _ends(self, similarities: NDArray[np.float32], wanted: int) -> bool:
        """Whether more candidates than these, of which so many were wanted, would bring no more matches."""
        if not self.question.is_choosy or len(similarities) < wanted or wanted >= MAX_CANDIDATES:
            return True
        return bool(similarities.min() < self._threshold)

    @property
    def _threshold(self) -> float:
        least = self.question.min_similarity
        return -np.inf if least is None else least

    def _candidates(
        self, vectors: NDArray[np.float32], wanted: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """The nearest to each of float32 (q, dim), with exact similarities."""
        exact = self.level.exact
        found = self.level.nearest(vectors, wanted if exact else ceil(wanted * OVER_FETCH), self.question.filter)
        for vector, some_ids, some_similarities in zip(vectors, found.ids, found.similarities, strict=True):
            real = some_ids >= 0
            ids, similarities = some_ids[real], some_similarities[real]
            yield (ids, similarities) if exact else self._rescored(vector, ids)

    def _rescored(
        self, vector: NDArray[np.float32], ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Exact similarities from the stored vectors."""
        stored = self.level.unit.utterances.vectors(self.collection, np.sort(ids))
        if not len(stored.ids):
            return stored.ids, np.empty(0, np.float32)
        similarities = precise(vector, self.space.project(stored), np.arange(len(stored.ids)))
        return stored.ids, similarities

    def _chosen(self, asked: Asked, ids: NDArray[np.int64], similarities: NDArray[np.float32]) -> tuple[Match, ...]:
        similarities = np.clip(similarities, -1.0, 1.0)
        # as they are shown: a cursor goes by that order
        order = np.lexsort((ids, -similarities))
        near = [
            (int(utterance_id), float(similarity))
            for utterance_id, similarity in zip(ids[order], similarities[order], strict=True)
            if utterance_id not in asked.excluded and similarity >= self._threshold
        ]
        if not self.question.is_choosy:
            near = near[: self._limit]
        return tuple(islice(self._let_through(asked, near), self._limit))

    def _let_through(self, asked: Asked, near: Sequence[tuple[int, float]]) -> Iterator[Match]:
        """Those that may be shown, in their order; rows are read as far as they are asked for."""
        duplicates = None
        if self.question.diversify is not None:
            duplicates = NearDuplicates(self.level.unit, self.collection, self.space, self.question.diversify)
        lets_through = PassingOver(self.question, asked, duplicates)
        for start in range(0, len(near), ROWS):
            some = near[start : start + ROWS]
            rows = self.level.unit.utterances.rows(self.collection, [utterance_id for utterance_id, _ in some])
            if duplicates is not None:
                duplicates.read(tuple(rows.values()))
            for utterance_id, similarity in some:
                if utterance_id in rows and lets_through(rows[utterance_id]):
                    utterance = rows[utterance_id]
                    yield Match(utterance, similarity, explanation(asked, utterance))


def _asked(unit: Unit, collection: Collection, space: Space, sought: Sought, question: Question) -> Asked | UserError:
    try:
        digest = digest_of(collection, space, sought, question)
        if isinstance(sought, Examples):
            asked = exemplified(unit, collection, space, sought)
        else:
            asked = asked_of_unstored(collection, space, sought, question)
        return replace(turned_away(unit, collection, space, asked, sought.unlike), digest=digest)
    except UserError as error:
        return error
