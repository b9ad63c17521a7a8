"""Searches over one stored collection, each timed and held against the exact answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixture import UTTERANCES_PER_RECORDING, Drawn, Mixture
from benchmarks.stored import COLLECTION, FIRST_DAY, Stored, customer_of
from emovec_db.database import Collection
from emovec_db.domain.query import Filter, FilterFields
from emovec_db.emotions import LABELS
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.protocol import Neighbours
from emovec_db.services.indexes.stored import stored_vectors
from emovec_db.spaces.registry import space_named

K = 10
SERVICE, INDEX, SCAN = "service", "index", "numpy scan"
FILTERS = ("none", "customer, 1 %", "label, 11 %", "time, 50 %", "customer or label, 12 %")


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of every query, and the share of the exact top 10 that it found."""

    took_ms: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Query:
    """A vector, what it is filtered by, and the answer."""

    vector: NDArray[np.float32]
    chosen: FilterFields
    #: sorted int64; None: all
    allowed: NDArray[np.int64] | None
    truth: set[int]


class Subject:
    """One stored collection and the queries put to it; customers and labels of filters are the query's own."""

    def __init__(self, stored: Stored, dim: int, queries: int) -> None:
        self.stored = stored
        self.collection = Collection(stored.parts, COLLECTION)
        space = space_named("embedding")
        kept = self.collection.summary().collection
        with stored.parts.store.read() as unit:
            self.ids, self.vectors = stored_vectors(unit, kept, space)
        self._kept = kept
        self._middle = FIRST_DAY + timedelta(minutes=len(self.ids) // UTTERANCES_PER_RECORDING // 2)
        self._allowed: dict[str, NDArray[np.int64]] = {}
        drawn = Mixture(dim).queries(queries)
        self.queries = {name: self._queries(drawn, name) for name in FILTERS}
        with stored.parts.indexes.level(kept, space) as level:
            self._filtered: FilteredIndex = level.filtered  # type: ignore[attr-defined]
            self.index = self._filtered.index
        self.measured = {(way, name): Measured() for way in (SERVICE, INDEX, SCAN) for name in FILTERS}

    def warm_up(self) -> None:
        """One query of each kind that does not count: the caches hold another collection."""
        for queries in self.queries.values():
            self._service(queries[0])
            self._index_alone(queries[0])
        self._scan(self.queries[FILTERS[0]][0])

    def ask(self, rows: range) -> None:
        """Put these queries to the service, the index alone and a plain scan, by turns."""
        for row in rows:
            for name in FILTERS:
                query = self.queries[name][row]
                self._timed(SERVICE, name, query, self._service)
                self._timed(INDEX, name, query, self._index_alone)
                if query.allowed is None:
                    self._timed(SCAN, name, query, self._scan)

    def _timed(self, way: str, name: str, query: Query, search: Callable[[Query], list[int]]) -> None:
        began_s = perf_counter()
        found = search(query)
        measured = self.measured[way, name]
        measured.took_ms.append((perf_counter() - began_s) * 1000)
        if query.truth:
            measured.recall.append(len(query.truth & set(found)) / len(query.truth))

    def _service(self, query: Query) -> list[int]:
        matches = self.collection.similar_to_vector(query.vector, k=K, **query.chosen)
        return [match.utterance.utterance_id for match in matches]

    def _index_alone(self, query: Query) -> list[int]:
        if not query.chosen:
            return _listed(self.index.search(query.vector[None], K))
        return _listed(self._filtered.search(query.vector[None], K, Filter(**query.chosen).as_condition()))

    def _scan(self, query: Query) -> list[int]:
        similarities = self.vectors @ query.vector
        best = np.argpartition(-similarities, K)[:K]
        found: list[int] = self.ids[best].tolist()
        return found

    def _queries(self, drawn: Drawn, name: str) -> list[Query]:
        return [
            self._query(vector, _chosen(name, int(emotion), int(speaker), self._middle))
            for vector, emotion, speaker in zip(drawn.vectors, drawn.emotions, drawn.speakers, strict=True)
        ]

    def _query(self, vector: NDArray[np.float32], chosen: FilterFields) -> Query:
        allowed = self._allowed_by(chosen)
        similarities = self.vectors @ vector
        if allowed is not None:
            similarities[~np.isin(self.ids, allowed)] = -np.inf
        best = np.argsort(-similarities, kind="stable")[: min(K, len(self.ids if allowed is None else allowed))]
        return Query(vector, chosen, allowed, set(self.ids[best].tolist()))

    def _allowed_by(self, chosen: FilterFields) -> NDArray[np.int64] | None:
        if not chosen:
            return None
        key = str(chosen)
        if key not in self._allowed:
            with self.stored.parts.store.read() as unit:
                self._allowed[key] = unit.utterances.ids(self._kept, Filter(**chosen))
        return self._allowed[key]


def _listed(found: Neighbours) -> list[int]:
    ids: list[int] = found.ids[0].tolist()
    return ids


def _chosen(name: str, emotion: int, speaker: int, middle: datetime) -> FilterFields:
    customer, label = customer_of(speaker), LABELS[emotion]
    chosen: dict[str, FilterFields] = {
        "none": {},
        "customer": {"customer": customer},
        "label": {"label": label},
        "time": {"since": middle},
        "customer or label": {"where": f"customer = {customer} or label = {label}"},
    }
    return chosen[name.partition(",")[0]]
