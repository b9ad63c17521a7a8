"""Every index, fresh and read back from a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.index.exact import ExactIndex
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.layered import LayeredIndex
from emovec_db.index.protocol import VectorIndex
from emovec_db.index.snapshot import SnapshotIdentity, read_snapshot, write_snapshot
from tests.made_columns import made_columns

IDENTITY = SnapshotIdentity(collection_id=3, generation_id=5, space="embedding", version=1)

Build = Callable[[NDArray[np.int64], NDArray[np.float32]], VectorIndex]


def exact(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
    index = ExactIndex(vectors.shape[1])
    index.add(ids, vectors)
    return index


def layered(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
    """Nearly all in the inverted file, some of that replaced, and a tail."""
    below = max(1, len(ids) - 10)
    index = LayeredIndex.build(ids[:below], vectors[:below])
    index.add(ids[below - 1 :], vectors[below - 1 :])
    return index


def filtered(index: VectorIndex) -> FilteredIndex:
    """With made-up columns, which come in another order."""
    return FilteredIndex.of(index, made_columns(np.flip(index.ids()), seed=index.size))


BUILDERS: dict[str, Build] = {"exact": exact, "layered": layered}


@pytest.fixture(params=BUILDERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["fresh", "reloaded"])
def build(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    """What makes an index of ids and vectors."""

    def reloaded(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
        write_snapshot(tmp_path, filtered(BUILDERS[kind](ids, vectors)), IDENTITY, seq=1)
        snapshot = read_snapshot(tmp_path, IDENTITY)
        assert snapshot is not None
        return snapshot[0].index

    return BUILDERS[kind] if request.param == "fresh" else reloaded
