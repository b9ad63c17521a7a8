"""How the FAISS index is built and tuned, and that filters don't cost recall."""

from __future__ import annotations

import numpy as np
import pytest

from emovec_db.errors import QueryError
from emovec_db.index.choice import EXACT_LIMIT, GROWTH_LIMIT, build_index, outgrown
from emovec_db.index.exact import ExactIndex
from emovec_db.index.faiss_index import FaissIndex
from emovec_db.index.inverted_lists import Listing
from tests.unit_vectors import brute_force, grouped, unit

COUNT, DIM = 6000, 80
IDS = np.arange(COUNT, dtype=np.int64) * 3
# groups so loose that neighbours lie in many lists: nprobe and filters have something to lose
VECTORS = grouped(COUNT, DIM, groups=40, noise=1.5)
QUERIES = grouped(50, DIM, groups=40, noise=1.5, seed=9)


def recall(index: FaissIndex, allowed: np.ndarray | None = None, k: int = 10) -> float:
    kept = np.ones(COUNT, bool) if allowed is None else np.isin(IDS, allowed)
    found = index.search(QUERIES, k, allowed).ids
    right = [brute_force(IDS[kept], VECTORS[kept], query, k)[0] for query in QUERIES]
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(right, found.tolist(), strict=True)]))


@pytest.fixture(scope="module")
def index() -> FaissIndex:
    return FaissIndex.build(IDS, VECTORS, seed=3)


def test_recall_is_what_it_says(index: FaissIndex) -> None:
    """Measured on its own vectors; queries that it has never seen find as much, within two standard errors."""
    assert index.recall >= 0.98
    assert recall(index) == pytest.approx(index.recall, abs=0.02)


def test_fewer_lists_are_visited_where_less_is_asked(index: FaissIndex) -> None:
    coarse = FaissIndex.build(IDS, VECTORS, seed=3, recall_target=0.6)
    assert 0.6 <= coarse.recall < index.recall
    assert 1 <= coarse._nprobe < index._nprobe < index._index.nlist
    assert recall(coarse) < recall(index)


def test_a_target_out_of_reach_still_gives_an_index() -> None:
    """Groups of near-equal vectors: 8 bits can't tell which of them are the nearest."""
    vectors = grouped(3000, 128, groups=20, noise=1e-4)
    index = FaissIndex.build(np.arange(3000), vectors, seed=0, recall_target=1.1)
    assert 0 < index.recall <= 1
    assert index.search(vectors[:5], 3).similarities == pytest.approx(np.ones((5, 3)), abs=5e-3)


def test_equal_vectors_count_as_found_whichever_they_are() -> None:
    vectors = np.repeat(grouped(60, 9, groups=60), 50, axis=0)
    index = FaissIndex.build(np.arange(len(vectors)), vectors, seed=0)
    assert index.recall == 1.0
    assert index._nprobe < index._index.nlist


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3, 1.0])
def test_filters_keep_recall(index: FaissIndex, share: float) -> None:
    allowed = np.sort(np.random.default_rng(1).choice(IDS, round(share * COUNT), replace=False))
    assert recall(index, allowed) >= recall(index) - 0.01


def test_lists_are_visited_until_enough_allowed_vectors_were_seen() -> None:
    """Six vectors in three lists; the query is nearest to list 2, then 0, then 1."""
    listing = Listing(np.arange(6), np.array([0, 0, 1, 1, 1, 2]), unit(np.eye(3)))
    query = unit(np.array([[0.5, 0.1, 0.9]]))
    for allowed, wanted, lists in [
        ([5, 0, 1, 2], 1, 1),
        ([5, 0, 1, 2], 2, 2),
        ([5, 0, 1, 2], 3, 2),
        ([5, 0, 1, 2], 4, 3),
        ([2, 3], 1, 3),
        ([1], 1, 2),
    ]:
        assert listing.lists_until(wanted, query, np.isin(np.arange(6), allowed)) == lists
    both = np.concatenate([query, unit(np.array([[0.1, 0.9, 0.5]]))])
    assert listing.lists_until(1, both, np.isin(np.arange(6), [1])) == 3


def test_a_filter_of_one_group_keeps_recall(index: FaissIndex) -> None:
    """A customer's vectors lie together, far from most queries: they are found all the same."""
    allowed = np.sort(IDS[np.argsort(VECTORS @ VECTORS[0])[-COUNT // 10 :]])
    assert recall(index, allowed) >= recall(index) - 0.01


def test_more_neighbours_than_the_visited_lists_hold(index: FaissIndex) -> None:
    found = index.search(QUERIES[:3], COUNT)
    assert (np.sort(found.ids, axis=1) == IDS).all()


def test_the_same_vectors_give_the_same_index(index: FaissIndex) -> None:
    again = FaissIndex.build(IDS, VECTORS, seed=3)
    assert again.recall == index.recall
    assert again.search(QUERIES, 10).ids.tolist() == index.search(QUERIES, 10).ids.tolist()
    assert again.search(QUERIES, 10).similarities.tolist() == index.search(QUERIES, 10).similarities.tolist()


@pytest.mark.parametrize("count", [1, 2, 5, 11, 77, 79])
def test_tiny_collections(count: int, capfd: pytest.CaptureFixture[str]) -> None:
    index = FaissIndex.build(IDS[:count], VECTORS[:count], seed=0)
    assert 0.98 <= index.recall <= 1
    assert index.search(VECTORS[:count], 1).ids[:, 0].tolist() == IDS[:count].tolist()
    assert capfd.readouterr() == ("", "")


def test_nothing_to_build_from_is_refused() -> None:
    with pytest.raises(QueryError, match="expected at least one"):
        FaissIndex.build(IDS[:0], VECTORS[:0], seed=0)


def test_small_collections_are_searched_exactly() -> None:
    assert isinstance(build_index(IDS, VECTORS), ExactIndex)
    empty = build_index(IDS[:0], VECTORS[:0])
    assert (empty.kind, empty.dim, empty.size) == ("exact", DIM, 0)


def test_large_collections_get_faiss_and_grow_out_of_exact() -> None:
    vectors = grouped(EXACT_LIMIT + 1, 9)
    ids = np.arange(len(vectors))
    index = build_index(ids[:-1], vectors[:-1])
    assert index.kind == "exact"
    assert not outgrown(index)
    index.add(ids[-1:], vectors[-1:])
    assert outgrown(index)
    index = build_index(ids, vectors)
    assert index.kind == "faiss"
    assert not outgrown(index)
    more = grouped((GROWTH_LIMIT - 1) * len(ids) + 1, 9, seed=1)
    index.add(len(ids) + np.arange(len(more))[1:], more[1:])
    assert not outgrown(index)
    index.add(np.array([10**6]), more[:1])
    assert outgrown(index)
