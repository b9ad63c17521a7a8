"""Which structure is chosen, and what it is built from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovec_db.errors import QueryError
from emovec_db.index import structures
from emovec_db.index.inverted_file import InvertedFile
from emovec_db.index.structures import build_frozen, load_frozen
from emovec_db.index.tuning import Effort
from tests.unit_vectors import grouped

VECTORS = grouped(400, 40)


def test_size_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structures, "EXACT_LIMIT", len(VECTORS))
    assert build_frozen(VECTORS).kind == "matrix"
    monkeypatch.setattr(structures, "EXACT_LIMIT", len(VECTORS) - 1)
    assert build_frozen(VECTORS).kind == "ivf"
    assert build_frozen(VECTORS[:0]).size == 0


def test_mapped_vectors_give_the_same_as_those_in_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", VECTORS)
    written = []
    for name, vectors in (("memory", VECTORS), ("mapped", np.load(tmp_path / "vectors.npy", mmap_mode="r"))):
        folder = tmp_path / name
        folder.mkdir()
        InvertedFile.build(vectors).save(folder)
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert written[0] == written[1]


@pytest.mark.parametrize("count", [1, 2, 11, 79])
def test_tiny_ones_work_and_are_silent(count: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    InvertedFile.build(VECTORS[:count]).save(tmp_path)
    index = load_frozen(tmp_path, "ivf")
    assert index.search(VECTORS[:count], 1).ids[:, 0].tolist() == list(range(count))
    assert index.search(VECTORS[:count], 1, np.arange(count) == count - 1).ids[:, 0].tolist() == [count - 1] * count
    assert capfd.readouterr() == ("", "")


def test_a_target_out_of_reach_still_gives_an_index() -> None:
    """Groups of near-equal vectors: no code can tell which of them are the nearest."""
    index = InvertedFile.build(grouped(600, 136, groups=8, noise=1e-4), recall_target=1.1)
    assert 0 < index.recall <= 1


def test_less_is_done_where_less_is_asked() -> None:
    vectors = grouped(1500, 80, groups=40, noise=1.5)
    less, more = (InvertedFile.build(vectors, recall_target=target) for target in (0.6, 0.98))
    assert 0.6 <= less.recall < more.recall
    assert less.parameters["nprobe"] < more.parameters["nprobe"]


def test_more_neighbours_want_more_lists() -> None:
    effort = Effort(nprobe=55, factor=5, recall=0.98)
    lists = [effort.lists_for(k, 488.0) for k in (1, 10, 30, 100, 10_000)]
    assert lists == [55, 55, 81, 110, 246]
    assert effort.lists_for(100, 10.0) == 110
    assert effort.lists_for(1000, 10.0) == 1188


def test_nothing_to_build_from_is_refused() -> None:
    with pytest.raises(QueryError, match="expected at least one"):
        InvertedFile.build(VECTORS[:0])
    with pytest.raises(QueryError, match="expected finite vectors of length 1"):
        InvertedFile.build(2 * VECTORS)
