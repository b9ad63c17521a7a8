"""Every frozen index against a full sort in float64: with masks, without rows, read back in another process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError, QueryError
from emovec_db.index.frozen import FrozenIndex
from emovec_db.index.inverted_file import InvertedFile
from emovec_db.index.matrix import Matrix
from emovec_db.index.protocol import NO_ID, Neighbours
from emovec_db.index.structures import load_frozen
from emovec_db.index.training import RABITQ_DIM
from tests.unit_vectors import grouped

COUNT, K = 3000, 10
ROWS = np.arange(COUNT)
#: what codes can't tell apart is as near
ROUNDING = 1e-3

Build = Callable[[NDArray[np.float32]], FrozenIndex]


@dataclass(frozen=True)
class Case:
    """A structure over vectors whose dim decides what it is made of."""

    build: Build
    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]
    #: how far a component and a similarity may be off
    tolerance: float

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])


def case(build: Build, dim: int, tolerance: float) -> Case:
    # groups so loose that neighbours lie in many lists: there is recall to be lost
    return Case(
        build,
        grouped(COUNT, dim, groups=40, noise=1.5),
        grouped(40, dim, groups=40, noise=1.5, seed=9),
        tolerance,
    )


#: lists of bytes ranked by halves, of bits ranked by bytes
CASES = {
    "matrix": case(Matrix.build, 80, 1e-6),
    "ivf, halves": case(InvertedFile.build, 80, 1e-3),
    "ivf, bits": case(InvertedFile.build, RABITQ_DIM, 5e-3),
}


@pytest.fixture(scope="module", params=CASES)
def made(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def fresh(made: Case) -> FrozenIndex:
    return made.build(made.vectors)


@pytest.fixture(scope="module", params=["fresh", "mapped"])
def index(fresh: FrozenIndex, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FrozenIndex:
    if request.param == "fresh":
        return fresh
    folder = tmp_path_factory.mktemp("saved")
    fresh.save(folder)
    return load_frozen(folder, fresh.kind)


def recall(made: Case, found: Neighbours, k: int, rows: NDArray[np.bool_] | None = None) -> float:
    """Share of the right answer; what is found of it has to be well-formed."""
    kept = np.arange(len(made.vectors)) if rows is None else np.flatnonzero(rows)
    filled, hits = min(k, len(kept)), 0
    vectors = made.vectors.astype(np.float64)
    for query, ids, similarities in zip(made.queries, found.ids, found.similarities, strict=False):
        products = vectors @ query
        assert (ids[filled:] == NO_ID).all()
        assert (similarities[filled:] == -np.inf).all()
        assert set(ids[:filled].tolist()) <= set(kept.tolist())
        assert len(set(ids[:filled].tolist())) == filled
        assert (np.diff(similarities[:filled]) <= 0).all()
        if filled:
            floor = np.sort(products[kept])[-filled]
            hits += int((products[ids[:filled]] >= floor - ROUNDING).sum())
    return hits / (filled * len(found.ids)) if filled else 1.0


def random_mask(share: float) -> NDArray[np.bool_]:
    mask = np.zeros(COUNT, bool)
    mask[np.random.default_rng(2).permutation(COUNT)[: round(share * COUNT)]] = True
    return mask


def test_what_it_says_of_itself(made: Case, index: FrozenIndex, fresh: FrozenIndex) -> None:
    assert (index.kind, index.dim, index.size) == (fresh.kind, made.dim, COUNT)
    assert index.exact == (index.kind == "matrix")
    assert index.recall == fresh.recall
    assert 0.98 <= index.recall <= 1
    assert index.parameters == fresh.parameters
    assert index.search(made.queries, K).ids.tolist() == fresh.search(made.queries, K).ids.tolist()


def test_recall_is_what_it_says(made: Case, index: FrozenIndex) -> None:
    """Measured on its own rows; queries that it has never seen find as much, within two standard errors."""
    found = recall(made, index.search(made.queries, K), K)
    assert found == 1.0 if index.exact else found == pytest.approx(index.recall, abs=0.02)


def test_more_neighbours_are_found_as_nearly_all(made: Case, index: FrozenIndex) -> None:
    for k in (30, 100):
        assert recall(made, index.search(made.queries, k), k) >= 0.96


def test_similarities_are_those_of_the_rows(made: Case, index: FrozenIndex) -> None:
    found = index.search(made.queries, K)
    right = np.einsum("qkd,qd->qk", made.vectors[found.ids], made.queries)
    assert found.similarities == pytest.approx(right, abs=made.tolerance)


def test_vectors_are_those_of_the_rows(made: Case, index: FrozenIndex) -> None:
    rows = np.array([5, 0, COUNT - 1, 77, 5])
    assert index.vectors(rows) == pytest.approx(made.vectors[rows], abs=made.tolerance)
    assert index.vectors(rows[:0]).shape == (0, made.dim)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.99])
def test_a_mask_keeps_recall(made: Case, index: FrozenIndex, share: float) -> None:
    mask = random_mask(share)
    assert (
        recall(made, index.search(made.queries, K, mask), K, mask)
        >= recall(made, index.search(made.queries, K), K) - 0.01
    )


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_mask_of_rows_that_lie_together_keeps_recall(made: Case, index: FrozenIndex, share: float, sign: int) -> None:
    """Nearest to some query, or farthest from it: then the lists that are near hold nothing that counts."""
    mask = np.zeros(COUNT, bool)
    mask[np.argsort(-sign * (made.vectors @ made.queries[0]))[: round(share * COUNT)]] = True
    assert (
        recall(made, index.search(made.queries, K, mask), K, mask)
        >= recall(made, index.search(made.queries, K), K) - 0.02
    )


def test_a_scan_misses_nothing(made: Case, index: FrozenIndex) -> None:
    for mask in (None, random_mask(0.3)):
        assert recall(made, index.scan(made.queries, K, mask), K, mask) >= 0.99


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.sets(st.integers(0, COUNT - 1), max_size=60), k=st.integers(1, 80))
def test_few_rows_are_all_found(made: Case, index: FrozenIndex, kept: set[int], k: int) -> None:
    mask = np.zeros(COUNT, bool)
    mask[list(kept)] = True
    for found in (index.search(made.queries[:3], k, mask), index.scan(made.queries[:3], k, mask)):
        assert recall(made, found, k, mask) >= (1.0 if index.exact or k >= len(kept) else 0.8)


def test_more_than_there_are(made: Case, index: FrozenIndex) -> None:
    assert recall(made, index.search(made.queries[:2], COUNT + 5), COUNT + 5) == 1.0


def test_no_queries(made: Case, index: FrozenIndex) -> None:
    for mask in (None, random_mask(0.1), random_mask(0)):
        assert index.search(made.queries[:0], K, mask).ids.shape == (0, K)
        assert index.scan(made.queries[:0], K, mask).ids.shape == (0, K)


def test_what_makes_no_sense_is_refused(made: Case, index: FrozenIndex) -> None:
    for search in (index.search, index.scan):
        with pytest.raises(QueryError, match="got vectors of shape"):
            search(made.queries[:, :8], K)
        with pytest.raises(QueryError, match="expected finite vectors of length 1"):
            search(2 * made.queries, K)
        with pytest.raises(QueryError, match="got k = 0"):
            search(made.queries, 0)
        with pytest.raises(QueryError, match=r"got a mask of bool \(3,\) for 3000 rows"):
            search(made.queries, K, np.ones(3, bool))
        with pytest.raises(QueryError, match="got a mask of int64"):
            search(made.queries, K, np.ones(COUNT, np.int64))  # type: ignore[arg-type]


@pytest.mark.parametrize("gone", [[0], [5, 17, COUNT - 1], list(range(0, COUNT, 10)), list(range(COUNT - 3))])
def test_without_some_rows(made: Case, index: FrozenIndex, gone: list[int], tmp_path: Path) -> None:
    left = index.without(np.array(gone))
    vectors = np.delete(made.vectors, gone, axis=0)
    of_left = replace(made, vectors=vectors)
    assert (left.kind, left.size, left.dim) == (index.kind, len(vectors), made.dim)
    assert recall(of_left, left.search(made.queries, K), K) >= recall(made, index.search(made.queries, K), K) - 0.02
    some = np.arange(0, len(vectors), 7)
    assert left.vectors(some) == pytest.approx(vectors[some], abs=made.tolerance)
    assert index.size == COUNT
    left.save(tmp_path)
    again = load_frozen(tmp_path, left.kind)
    assert again.search(made.queries, K).ids.tolist() == left.search(made.queries, K).ids.tolist()


def test_without_all_rows(made: Case, index: FrozenIndex, tmp_path: Path) -> None:
    index.without(ROWS).save(tmp_path)
    empty = load_frozen(tmp_path, index.kind)
    assert empty.size == 0
    for mask in (None, np.zeros(0, bool)):
        assert (empty.search(made.queries, K, mask).ids == NO_ID).all()


def test_the_same_vectors_give_the_same_files(made: Case, fresh: FrozenIndex, tmp_path: Path) -> None:
    written = []
    for name, index in (("one", fresh), ("two", made.build(made.vectors))):
        (tmp_path / name).mkdir()
        index.save(tmp_path / name)
        written.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert written[0] == written[1]


def _answers(folder: Path, kind: str, queries: NDArray[np.float32]) -> list[list[int]]:
    answers: list[list[int]] = load_frozen(folder, kind).search(queries, K, random_mask(0.3)).ids.tolist()
    return answers


def test_another_process_reads_it(made: Case, fresh: FrozenIndex, tmp_path: Path) -> None:
    fresh.save(tmp_path)
    right = fresh.search(made.queries, K, random_mask(0.3)).ids.tolist()
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        assert processes.submit(_answers, tmp_path, fresh.kind, made.queries).result() == right


def test_threads_search_side_by_side(made: Case, fresh: FrozenIndex, tmp_path: Path) -> None:
    """The first searches of an index that was just opened, which is when it looks what lies where."""
    fresh.save(tmp_path)
    masks = [None, random_mask(0.3), random_mask(0.9)]
    right = [fresh.search(made.queries, K, mask).ids.tolist() for mask in masks]
    mapped = load_frozen(tmp_path, fresh.kind)
    with ThreadPoolExecutor(6) as threads:
        searches = [threads.submit(mapped.search, made.queries, K, mask) for mask in masks * 8]
    assert [search.result().ids.tolist() for search in searches] == right * 8


def test_files_that_are_removed_go_on_being_read(made: Case, fresh: FrozenIndex, tmp_path: Path) -> None:
    fresh.save(tmp_path)
    mapped = load_frozen(tmp_path, fresh.kind)
    for path in tmp_path.iterdir():
        path.unlink()
    assert mapped.search(made.queries, K).ids.tolist() == fresh.search(made.queries, K).ids.tolist()


def test_missing_files_are_missed(made: Case, fresh: FrozenIndex, tmp_path: Path) -> None:
    fresh.save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(FileNotFoundError, match=path.name):
            load_frozen(tmp_path, fresh.kind)
        path.write_bytes(kept)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * 500])
def test_damaged_files_are_told(
    made: Case, fresh: FrozenIndex, damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    fresh.save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        kept = path.read_bytes()
        path.write_bytes(damage(kept))
        with pytest.raises(IndexDamagedError, match="reindex"):
            load_frozen(tmp_path, fresh.kind)
        path.write_bytes(kept)


def test_an_unknown_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndexDamagedError, match="kind 'lsh', expected matrix or ivf"):
        load_frozen(tmp_path, "lsh")


def test_no_vectors_at_all(tmp_path: Path) -> None:
    nothing = Matrix.build(np.empty((0, 80), np.float32))
    nothing.save(tmp_path)
    found = load_frozen(tmp_path, "matrix").search(CASES["matrix"].queries, K)
    assert (found.ids == NO_ID).all()
