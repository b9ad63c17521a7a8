"""Exact searches of a collection whose index is approximate, against a full sort in numpy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.query import Filter, Vectors
from emovec_db.index import choice
from emovec_db.services.indexes import stored_scan

from .test_search import many

COUNT = 1_500


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """1,500 utterances of 50 customers below a layered index; they are read in blocks of 200."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "EXACT_LIMIT", 1_000)
        patch.setattr(stored_scan, "BLOCK", 200)
        with emovec_db.open(tmp_path_factory.mktemp("exact") / "data", encoder="fake") as database:
            yield many(database, COUNT)


def vectors_of(calls: Collection, **chosen: str) -> Vectors:
    with calls._parts.store.read() as unit:
        collection = unit.collections.get("many")
        return unit.utterances.vectors(collection, unit.utterances.ids(collection, Filter(**chosen)))  # type: ignore[arg-type]


def nearest(vectors: Vectors, query: np.ndarray) -> list[int]:
    units = vectors.embeddings.astype(np.float64)
    similarities = units @ query.astype(np.float64) / np.linalg.norm(units, axis=1)
    return vectors.ids[np.lexsort((vectors.ids, -similarities))].tolist()


@pytest.mark.parametrize("chosen", [{}, {"customer": "c7"}, {"customer": "nobody"}])
def test_exact_is_what_a_full_sort_gives(calls: Collection, chosen: dict[str, str]) -> None:
    vectors = vectors_of(calls, **chosen)
    for query in np.random.default_rng(7).standard_normal((5, 16)).astype(np.float32):
        found = calls.similar_to_vector(query, k=300, exact=True, **chosen)  # type: ignore[arg-type]
        assert [match.utterance.utterance_id for match in found] == nearest(vectors, query)[:300]


def test_exact_asks_no_index_and_others_do(calls: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    query = np.random.default_rng(8).standard_normal(16).astype(np.float32)
    parts, stored = calls._parts, calls._stored()
    with parts.indexes.level(stored, parts.spaces.named(stored, "embedding")) as level:
        index = level.index  # type: ignore[attr-defined]
        assert index.kind == "layered"
        monkeypatch.setattr(type(index), "search", lambda *_, **__: pytest.fail("the index was asked"))
    assert len(calls.similar_to_vector(query, exact=True, per_customer=1, k=50)) == 50
    with pytest.raises(pytest.fail.Exception, match="the index was asked"):
        calls.similar_to_vector(query)


def test_an_approximate_index_of_what_has_become_small_is_passed_over(
    calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = np.random.default_rng(9).standard_normal(16).astype(np.float32)
    calls.similar_to_vector(query)
    monkeypatch.setattr(choice, "EXACT_LIMIT", 2_000)
    found = calls.similar_to_vector(query, k=100, exact=True)
    assert [match.utterance.utterance_id for match in found] == nearest(vectors_of(calls), query)[:100]
