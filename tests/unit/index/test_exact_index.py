"""What only the exact index promises: the same answer in any batch, in any block, after any growth."""

from __future__ import annotations

import numpy as np
import pytest

from emovec_db.index import exact
from emovec_db.index.exact import ExactIndex
from tests.unit_vectors import brute_force, grouped, unit

IDS = np.random.default_rng(0).permutation(2000).astype(np.int64)
VECTORS = np.repeat(grouped(500, 96), 4, axis=0)
QUERIES = grouped(30, 96, seed=1)


def filled() -> ExactIndex:
    index = ExactIndex(96)
    index.add(IDS, VECTORS)
    return index


def test_equal_vectors_tie_alone_and_in_a_batch() -> None:
    """Every vector is there four times, so the matches come in fours of equal similarity, by ascending id."""
    index = filled()
    batch = index.search(QUERIES, 10)
    for number, query in enumerate(QUERIES):
        alone = index.search(query[None], 10)
        assert alone.ids[0].tolist() == batch.ids[number].tolist() == brute_force(IDS, VECTORS, query, 10)[0]
        assert alone.similarities[0].tolist() == batch.similarities[number].tolist()
        assert (batch.similarities[number, :8].reshape(2, 4) == batch.similarities[number, [0, 4]][:, None]).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    index, allowed = filled(), np.sort(IDS[:900])
    whole = [index.search(QUERIES, 10, chosen) for chosen in (None, allowed, allowed[:90])]
    monkeypatch.setattr(exact, "BLOCK_BYTES", 4 * 2000 * 7)
    monkeypatch.setattr(exact, "PRECISE_ROWS", 3)
    for before, chosen in zip(whole, (None, allowed, allowed[:90]), strict=True):
        after = index.search(QUERIES, 10, chosen)
        assert after.ids.tolist() == before.ids.tolist()
        assert after.similarities.tolist() == before.similarities.tolist()


def test_vectors_that_differ_by_rounding_only_come_in_the_right_order() -> None:
    """A thousand within float32 rounding of the k-th: the order is that of float64."""
    near = grouped(1, 768)[0] + 1e-7 * grouped(1000, 768, seed=2)
    vectors, ids = unit(near), np.arange(1000, dtype=np.int64)
    queries = unit(grouped(20, 768, seed=5) + vectors[0])
    index = ExactIndex(768)
    index.add(ids, vectors)
    found = index.search(queries, 10)
    for number, query in enumerate(queries):
        similarities = (vectors.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
        order = np.lexsort((ids, -similarities))[:10]
        assert found.ids[number].tolist() == order.tolist()
        assert found.similarities[number].tolist() == similarities[order].tolist()


def test_adding_one_by_one_is_adding_at_once() -> None:
    one_by_one = ExactIndex(96)
    for row in range(300):
        one_by_one.add(IDS[row : row + 1], VECTORS[row : row + 1])
    at_once = ExactIndex(96)
    at_once.add(IDS[:300], VECTORS[:300])
    assert one_by_one.ids().tolist() == at_once.ids().tolist()
    assert one_by_one.search(QUERIES, 5).ids.tolist() == at_once.search(QUERIES, 5).ids.tolist()


def test_an_index_without_vectors() -> None:
    index = ExactIndex(96)
    assert (index.size, index.ids().tolist(), index.remove(IDS)) == (0, [], 0)
    assert index.search(QUERIES, 3).ids.tolist() == [[-1, -1, -1]] * len(QUERIES)
    index.add(IDS[:0], VECTORS[:0])
    assert index.size == 0
