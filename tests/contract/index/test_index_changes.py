"""Any sequence of adding, replacing, removing and reloading leaves what a dict would hold."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from emovec_db.domain.conditions import Condition
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.matching import is_answered
from emovec_db.index.protocol import VectorIndex
from emovec_db.index.snapshot import read_snapshot, write_snapshot
from tests.contract.index.conftest import BUILDERS, IDENTITY
from tests.drawn_conditions import CONDITIONS, holds
from tests.made_columns import known, made_columns
from tests.unit_vectors import brute_force, grouped

IDS = st.lists(st.integers(0, 60), min_size=1, max_size=25, unique=True)
SEEDS = st.integers(0, 50)


class IndexChanges(RuleBasedStateMachine):
    """The index beside a dict from id to vector."""

    kind: str
    dim: int
    tolerance: float

    @initialize(seed=SEEDS)
    def start(self, seed: int) -> None:
        ids = np.arange(0, 200, 2, dtype=np.int64)
        vectors = grouped(len(ids), self.dim, groups=5, seed=seed)
        columns = made_columns(ids, seed)
        self.filtered = FilteredIndex.of(BUILDERS[self.kind](ids, vectors), columns)
        self.held = dict(zip(ids.tolist(), vectors, strict=True))
        self.known = known(columns)

    @property
    def index(self) -> VectorIndex:
        return self.filtered.index

    @rule(ids=IDS, seed=SEEDS)
    def add_or_replace(self, ids: list[int], seed: int) -> None:
        vectors = grouped(len(ids), self.dim, groups=5, seed=seed)
        columns = made_columns(np.array(ids, np.int64), seed)
        self.filtered.add(columns, vectors)
        self.held.update(zip(ids, vectors, strict=True))
        self.known.update(known(columns))

    @rule(ids=IDS)
    def remove(self, ids: list[int]) -> None:
        gone = [self.held.pop(id_) for id_ in ids if id_ in self.held]
        assert self.filtered.remove(np.array(ids, np.int64)) == len(gone)

    @rule(ids=IDS)
    def remove_naming_each_twice(self, ids: list[int]) -> None:
        gone = [self.held.pop(id_) for id_ in ids if id_ in self.held]
        assert self.filtered.remove(np.array(ids + ids, np.int64)) == len(gone)

    @rule()
    def remove_all(self) -> None:
        assert self.filtered.remove(np.array(list(self.held), np.int64)) == len(self.held)
        self.held.clear()

    @rule()
    def reload(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_snapshot(Path(folder), self.filtered, IDENTITY, seq=4)
            snapshot = read_snapshot(Path(folder), IDENTITY)
        assert snapshot is not None
        self.filtered = snapshot[0]

    @rule()
    def fold(self) -> None:
        self.filtered = self.filtered.folded()
        assert (self.index.tail_size, self.index.has_gone) == (0, False)

    @rule(seed=SEEDS, allowed=st.none() | IDS)
    def search_for_all(self, seed: int, allowed: list[int] | None) -> None:
        query = grouped(1, self.dim, groups=5, seed=seed)
        sought = None if allowed is None else np.array(sorted(allowed), np.int64)
        k = len(self.held) + 1
        found = self.index.search(query, k, sought)
        ids, vectors = self.model(allowed)
        right_ids, right = brute_force(ids, vectors, query[0], k)
        found_ids = found.ids[0, : len(right_ids)].tolist()
        assert found.similarities[0, : len(right_ids)] == pytest.approx(right, abs=self.tolerance)
        assert found.ids[0, len(right_ids) :].tolist() == [-1] * (k - len(right_ids))
        assert sorted(found_ids) == sorted(right_ids)
        if self.index.exact:
            assert found_ids == right_ids

    @rule(seed=SEEDS, condition=CONDITIONS.filter(is_answered))
    def search_for_all_that_fulfil(self, seed: int, condition: Condition) -> None:
        query = grouped(1, self.dim, groups=5, seed=seed)
        found = self.filtered.search(query, len(self.held) + 1, condition).ids[0]
        expected = [key for key in self.held if holds(condition, self.known[key], {})]
        assert sorted(found[found >= 0].tolist()) == sorted(expected)

    @invariant()
    def same_columns(self) -> None:
        ids = np.array(sorted(self.held), np.int64)
        assert known(self.filtered.columns(ids)) == {key: self.known[key] for key in self.held}

    @invariant()
    def same_ids(self) -> None:
        assert self.index.size == len(self.held)
        assert self.index.ids().tolist() == sorted(self.held)

    def model(self, allowed: list[int] | None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        held = {id_: vector for id_, vector in self.held.items() if allowed is None or id_ in allowed}
        vectors = np.array(list(held.values()), np.float32).reshape(len(held), self.dim)
        return np.array(list(held), np.int64), vectors


#: dim 8 is kept as whole floats; dim 96 by FAISS as bytes, whose range was learnt from other vectors
@pytest.mark.parametrize(
    ("kind", "dim", "tolerance"), [("exact", 8, 1e-6), ("exact", 96, 1e-6), ("layered", 8, 2e-3), ("layered", 96, 0.1)]
)
def test_any_sequence_of_changes(kind: str, dim: int, tolerance: float) -> None:
    fields: dict[str, Any] = {"kind": kind, "dim": dim, "tolerance": tolerance}
    machine = type(f"Changes_{kind}_{dim}", (IndexChanges,), fields)
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))
