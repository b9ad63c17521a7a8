"""How `benchmarks.peers` tunes, keeps builds and counts memory; what it measures, no test says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.engines.builds import TOOK, Build, built
from benchmarks.engines.catalogue import ENGINES
from benchmarks.engines.engine import in_threads
from benchmarks.engines.holder import Holder, holder
from benchmarks.engines.memory import descendants, is_running, memory_of
from benchmarks.index_vectors import K, Vectors
from benchmarks.peers import Measured, left_out
from tests.conftest import ROOT

OURS = ENGINES["emovec-db"]


class Graph:
    """Finds as many neighbours as its effort lets it."""

    name, threads, efforts, install = "graph", "its own", (2, 9, 10, 20), "graph-db"

    def title(self) -> str:
        return "Graph 1"

    def missing(self) -> str:
        return "not installed"


class GraphHolder:
    engine = Graph()

    def __init__(self, truth: NDArray[np.int64]) -> None:
        self.truth = truth
        self.effort = 0

    def aim(self, effort: int) -> None:
        self.effort = effort

    def ask(self, queries: NDArray[np.float32]) -> tuple[list[float], NDArray[np.int64]]:
        found = self.truth[: len(queries)].copy()
        found[:, self.effort :] = -1
        return [1.0] * len(queries), found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    vectors = np.random.default_rng(1).standard_normal((300, 8)).astype(np.float32)
    np.save(tmp_path / "base.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return tmp_path / "base.npy"


def test_effort_is_the_least_that_reaches_the_recall(tmp_path: Path) -> None:
    vectors = Vectors.of(tmp_path, 200, 8, 6)
    held = GraphHolder(vectors.truth["none"][3:])
    measured = Measured(cast("Any", held), Build(tmp_path, 0, 0))

    measured.tune(vectors, range(3, 6))

    assert (measured.effort, held.effort) == (10, 10)
    assert measured.took_ms == measured.recalls == []


def test_what_is_left_out_says_how_it_is_installed() -> None:
    assert left_out([cast("Any", Graph()), OURS]) == ["Left out: Graph 1, not installed (`pip install graph-db`)."]
    assert left_out([OURS]) == []


def test_whole_builds_are_kept_and_parts_are_not(base: Path, tmp_path: Path) -> None:
    part = tmp_path / "built" / "emovec-db.part"
    part.mkdir(parents=True)
    (part / "left").touch()

    build = built(OURS, base, 300, tmp_path / "built")

    assert [path.name for path in build.folder.parent.iterdir()] == ["emovec-db"]
    assert not (build.folder / "left").exists()
    assert build.disk_bytes >= 300 * 8 * 4
    (build.folder / TOOK).write_text(json.dumps({"seconds": 7.0, "disk_bytes": 8}))
    assert built(OURS, base, 300, tmp_path / "built") == Build(build.folder, 7.0, 8)


def test_build_that_fails_says_so_and_is_not_kept(tmp_path: Path) -> None:
    np.save(tmp_path / "base.npy", np.zeros((3, 8), np.float32))

    with pytest.raises(SystemExit, match="building emovec-db failed"):
        built(OURS, tmp_path / "base.npy", 3, tmp_path / "built")

    assert not (tmp_path / "built" / "emovec-db").exists()


def test_process_holds_what_was_built(base: Path, tmp_path: Path) -> None:
    queries = np.load(base)[:4]

    with holder(OURS, built(OURS, base, 300, tmp_path / "built").folder) as held:
        held.aim(0)
        took_ms, found = held.ask(queries)
        assert held.per_s(queries, 2, 0.01) > 0
        assert 0 < held.memory().anonymous < held.memory().peak

    assert len(took_ms) == 4
    assert found.shape == (4, K)
    assert found[:, 0].tolist() == [0, 1, 2, 3]


def test_process_that_ended_is_told_of() -> None:
    class Ended:
        def send(self, words: object) -> None:
            raise BrokenPipeError

    with pytest.raises(SystemExit, match="emovec-db ended"):
        Holder(OURS, cast("Any", Ended())).memory()


def test_threads_answer_in_order() -> None:
    queries = np.arange(5, dtype=np.float32)[:, None]

    for threads in (1, 2):
        found = in_threads(queries, [lambda some: some.astype(np.int64) * 2] * threads)
        assert found[:, 0].tolist() == [0, 2, 4, 6, 8]


def test_memory_of_processes() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in descendants(os.getpid())
        assert is_running(child.pid)
        both = memory_of([os.getpid(), child.pid])
        assert both.anonymous > memory_of([child.pid]).anonymous > 0
        child.kill()
    assert not is_running(child.pid)
    assert memory_of([child.pid]).peak == 0


def test_peers_may_be_chosen(tmp_path: Path) -> None:
    words = ["benchmarks.peers", "--count", "50", "--dims", "8", "--queries", "2", "--peers", "emovec-db"]
    done = subprocess.run(
        [sys.executable, "-m", *words, "--out", tmp_path], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert "50 vectors of 8 dimensions, 2 queries" in done.stdout
    assert list(json.loads((tmp_path / "peers.json").read_text())["engines"]) == ["emovec-db"]
    assert (tmp_path / "peers-50-8" / "built" / "emovec-db" / TOOK).exists()
