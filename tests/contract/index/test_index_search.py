"""What search returns, by ids and values, against a full sort in float64."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.errors import QueryError
from emovec_db.index.protocol import NO_ID, Neighbours, VectorIndex
from tests.contract.index.conftest import Build
from tests.unit_vectors import brute_force, grouped, unit

COUNT, DIM, K = 3000, 96, 10
#: 8-bit components err by up to half a 255th of their range; over 96 of them that stays below this
FAISS_TOLERANCE = 5e-3

IDS = np.random.default_rng(1).permutation(4 * COUNT)[:COUNT].astype(np.int64)
VECTORS = grouped(COUNT, DIM)
QUERIES = grouped(40, DIM, seed=1)


def assert_right(index: VectorIndex, found: Neighbours, k: int, allowed: NDArray[np.int64] | None = None) -> None:
    """The exact answer from an exact index; from another at least 95 % of it, with values within a tolerance."""
    kept = np.ones(COUNT, bool) if allowed is None else np.isin(IDS, allowed)
    row_of = dict(zip(IDS.tolist(), range(COUNT), strict=True))
    hits = total = 0
    for query, ids, similarities in zip(QUERIES[: len(found.ids)], found.ids, found.similarities, strict=True):
        right_ids, right_similarities = brute_force(IDS[kept], VECTORS[kept], query, k)
        filled = min(k, int(kept.sum()))
        assert (ids[:filled] != NO_ID).all()
        assert (ids[filled:] == NO_ID).all()
        assert (similarities[filled:] == -np.inf).all()
        assert (np.diff(similarities[:filled]) <= 0).all()
        assert len(set(ids[:filled].tolist())) == filled
        if index.exact:
            assert ids[:filled].tolist() == right_ids
            assert similarities[:filled] == pytest.approx(right_similarities, abs=1e-6)
        rows = [row_of[id_] for id_ in ids[:filled].tolist()]
        assert kept[rows].all()
        assert similarities[:filled] == pytest.approx(VECTORS[rows] @ query, abs=FAISS_TOLERANCE)
        hits += len(set(right_ids) & set(ids.tolist()))
        total += len(right_ids)
    assert hits >= 0.95 * total


def test_the_nearest_are_found(build: Build) -> None:
    index = build(IDS, VECTORS)
    found = index.search(QUERIES, K)
    assert found.ids.dtype == np.int64
    assert found.similarities.dtype == np.float32
    assert found.ids.shape == found.similarities.shape == (len(QUERIES), K)
    assert_right(index, found, K)


def test_what_it_says_of_itself(build: Build, kind: str) -> None:
    index = build(IDS, VECTORS)
    assert (index.kind, index.dim, index.size) == (kind, DIM, COUNT)
    assert index.built_size == (COUNT if index.exact else COUNT - 10)
    assert index.exact == (kind == "exact")
    assert 0.98 <= index.recall <= 1
    assert index.ids().tolist() == sorted(IDS.tolist())


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 1.0])
def test_a_filter_keeps_recall(build: Build, share: float) -> None:
    index = build(IDS, VECTORS)
    drawn = np.random.default_rng(2).permutation(COUNT)[: round(share * COUNT)]
    allowed = np.sort(IDS[drawn])
    assert_right(index, index.search(QUERIES, K, allowed), K, allowed)


def test_a_filter_that_leaves_only_what_is_far_from_the_query(build: Build) -> None:
    index = build(IDS, VECTORS)
    farthest = np.argsort(VECTORS @ QUERIES[0])[: COUNT // 10]
    allowed = np.sort(IDS[farthest])
    assert_right(index, index.search(QUERIES, K, allowed), K, allowed)


def test_a_filter_by_unknown_ids_finds_nothing_of_them(build: Build) -> None:
    index = build(IDS, VECTORS)
    known = np.sort(IDS[:3])
    unknown = np.setdiff1d(np.arange(5 * COUNT), IDS)
    assert_right(index, index.search(QUERIES, K, np.union1d(known, unknown)), K, known)
    assert_right(index, index.search(QUERIES, K, unknown), K, unknown)


def test_an_empty_filter_finds_nothing(build: Build) -> None:
    index = build(IDS, VECTORS)
    nothing = np.empty(0, np.int64)
    assert_right(index, index.search(QUERIES, K, nothing), K, nothing)


def test_ids_as_large_as_int64_holds(build: Build) -> None:
    ids = np.array([2**63 - 1, 2**40, 5], np.int64)
    index = build(ids, unit(np.eye(3)))
    assert index.search(unit(np.eye(3)), 1).ids[:, 0].tolist() == ids.tolist()
    assert index.search(unit(np.eye(3)), 2, np.array([2**40, 2**63 - 1])).ids[1].tolist() == [2**40, 2**63 - 1]


def test_k_beyond_the_size_is_padded(build: Build) -> None:
    index = build(IDS, VECTORS)
    assert_right(index, index.search(QUERIES[:2], COUNT + 5), COUNT + 5)
    few = np.sort(IDS[:50])
    assert_right(index, index.search(QUERIES, 60, few), 60, few)


def test_equal_vectors_come_by_ascending_id(build: Build) -> None:
    ids = np.array([9, 4, 7, 1], np.int64)
    index = build(ids, unit(np.array([[1.0, 0], [1, 0], [0, 1], [1, 0]])))
    assert index.search(unit(np.array([[1.0, 0.0]])), 4).ids.tolist() == [[1, 4, 9, 7]]


def test_an_index_that_was_emptied_finds_nothing(build: Build) -> None:
    index = build(IDS, VECTORS)
    assert index.remove(IDS) == COUNT
    assert index.size == 0
    assert index.ids().tolist() == []
    found = index.search(QUERIES, K)
    assert (found.ids == NO_ID).all()
    assert (found.similarities == -np.inf).all()
    index.add(IDS, VECTORS)
    assert_right(index, index.search(QUERIES, K), K)


def test_no_queries(build: Build) -> None:
    index = build(IDS, VECTORS)
    for allowed in (None, np.sort(IDS[:5])):
        assert index.search(QUERIES[:0], K, allowed).ids.shape == (0, K)


def test_another_dim_is_refused(build: Build) -> None:
    index = build(IDS, VECTORS)
    with pytest.raises(QueryError, match=r"got vectors of shape \(1, 8\) for an index of dim 96"):
        index.search(unit(np.ones((1, 8))), K)
    with pytest.raises(QueryError, match=r"got vectors of shape \(96,\)"):
        index.search(QUERIES[0], K)
    with pytest.raises(QueryError, match=r"expected \(n, 96\)"):
        index.add(np.array([1]), unit(np.ones((1, 8))))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 2.0])
def test_vectors_not_of_length_1_are_refused(build: Build, bad: float) -> None:
    index = build(IDS, VECTORS)
    vector = QUERIES[:1].copy()
    vector[0, 3] = bad
    with pytest.raises(QueryError, match="expected finite vectors of length 1"):
        index.search(vector, K)
    with pytest.raises(QueryError, match="expected finite vectors of length 1"):
        index.add(np.array([5]), vector)
    assert index.ids().tolist() == sorted(IDS.tolist())


def test_ids_that_make_no_sense_are_refused(build: Build) -> None:
    index = build(IDS, VECTORS)
    with pytest.raises(QueryError, match="got 2 ids of which 1 are distinct"):
        index.add(np.array([5, 5]), QUERIES[:2])
    with pytest.raises(QueryError, match="got the id -1"):
        index.add(np.array([-1]), QUERIES[:1])
    with pytest.raises(QueryError, match=r"got ids of shape \(1,\) for 2 vectors"):
        index.add(np.array([5]), QUERIES[:2])


def test_k_below_1_is_refused(build: Build) -> None:
    with pytest.raises(QueryError, match="got k = 0; expected 1 or more"):
        build(IDS, VECTORS).search(QUERIES, 0)
