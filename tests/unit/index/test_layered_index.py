"""An index that changes above one that doesn't: gone at once, found at once, and folded without training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovec_db.errors import IndexDamagedError
from emovec_db.index import choice
from emovec_db.index.choice import build_index, outgrown, overgrown
from emovec_db.index.exact import ExactIndex
from emovec_db.index.layered import LayeredIndex
from tests.unit_vectors import brute_force, grouped

COUNT, DIM, K = 4_000, 48, 10
IDS = np.random.default_rng(1).permutation(np.arange(10, 3 * COUNT + 10, 3)).astype(np.int64)
VECTORS = grouped(COUNT, DIM, seed=1)
NEW_IDS = np.arange(2, 300, 3, dtype=np.int64)
NEW = grouped(len(NEW_IDS), DIM, seed=2)
QUERIES = grouped(40, DIM, seed=3)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once: training lasts seconds."""
    folder = tmp_path_factory.mktemp("built")
    LayeredIndex.build(IDS, VECTORS).save(folder)
    return folder


@pytest.fixture
def index(saved: Path) -> LayeredIndex:
    return LayeredIndex.load(saved)


def recall(index: LayeredIndex, held: dict[int, np.ndarray], allowed: np.ndarray | None = None) -> float:
    kept = sorted(held) if allowed is None else sorted(set(held) & set(allowed.tolist()))
    ids, vectors = np.array(kept, np.int64), np.stack([held[one] for one in kept])
    found = index.search(QUERIES, K, allowed)
    hits = [
        set(row.tolist()) & set(brute_force(ids, vectors, query, K)[0])
        for row, query in zip(found.ids, QUERIES, strict=True)
    ]
    assert set(found.ids[found.ids >= 0].tolist()) <= set(kept)
    return sum(map(len, hits)) / (K * len(QUERIES))


def test_changes_show_at_once_and_folding_keeps_what_is_found(index: LayeredIndex) -> None:
    held = dict(zip(IDS.tolist(), VECTORS, strict=True))
    gone = IDS[:700]
    assert index.remove(gone) == 700
    assert index.remove(gone) == 0
    index.add(NEW_IDS, NEW)
    index.add(IDS[700:710], NEW[:10])  # they lie elsewhere now
    held = {one: vector for one, vector in held.items() if one not in set(gone.tolist())}
    held |= dict(zip(NEW_IDS.tolist(), NEW, strict=True)) | dict(zip(IDS[700:710].tolist(), NEW[:10], strict=True))
    assert (index.size, index.tail_size, index.has_gone) == (COUNT - 700 + len(NEW_IDS), len(NEW_IDS) + 10, True)
    folded = index.folded()
    assert (folded.size, folded.tail_size, folded.has_gone, folded.built_size) == (index.size, 0, False, COUNT)
    assert folded.ids().tolist() == index.ids().tolist() == sorted(held)
    for one in (index, folded):
        assert recall(one, held) >= 0.95
        assert recall(one, held, np.sort(IDS[::7])) >= 0.95
        assert recall(one, held, NEW_IDS) == 1


def test_nothing_of_what_went_is_left_in_the_files(index: LayeredIndex, tmp_path: Path) -> None:
    codes = index._below._codes.sa_encode(VECTORS[:1]).tobytes()
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    index.save(before)
    index.remove(IDS[:1])
    index.folded().save(after)
    assert any(codes in path.read_bytes() for path in before.iterdir())
    assert not any(codes in path.read_bytes() for path in after.iterdir())


def test_what_is_saved_with_a_tail_is_read_back(index: LayeredIndex, tmp_path: Path) -> None:
    index.remove(IDS[:5])
    index.add(NEW_IDS, NEW)
    index.save(tmp_path)
    read = LayeredIndex.load(tmp_path)
    assert (read.size, read.tail_size, read.built_size, read.has_gone) == (index.size, index.tail_size, COUNT, True)
    assert read.search(QUERIES, K).ids.tolist() == index.search(QUERIES, K).ids.tolist()
    np.save(tmp_path / "gone.npy", np.zeros(3, np.bool_))
    with pytest.raises(IndexDamagedError, match=r"marks of shape \(3,\)"):
        LayeredIndex.load(tmp_path)


def test_what_a_collection_gets_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "EXACT_LIMIT", 1_000)
    small, large = build_index(IDS[:1_000], VECTORS[:1_000]), build_index(IDS[:1_001], VECTORS[:1_001])
    assert isinstance(small, ExactIndex)
    assert isinstance(large, LayeredIndex)
    assert not outgrown(small)
    small.add(NEW_IDS, NEW)
    assert outgrown(small)
    more_ids = np.arange(5, 3_200, 3, dtype=np.int64)
    more = grouped(len(more_ids), DIM, seed=9)
    large.add(more_ids[:990], more[:990])
    assert not overgrown(large)
    large.add(more_ids[990:1_020], more[990:1_020])
    assert overgrown(large)
    large = large.folded()
    assert not overgrown(large)
    assert outgrown(large), "lists and codes fit twice as many as they were learned from"
