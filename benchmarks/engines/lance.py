"""LanceDB, embedded: a table on disk with IVF_HNSW_SQ, whose candidates are scored again from the vectors.

One partition, 20 links and 300 candidates while building are what its makers recommend for tables of this size.
It sends nothing anywhere while its tables are local.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.engine import WIDTHS, bytes_in, in_threads, titled
from benchmarks.index_vectors import K

TABLE = "parts"
#: candidates by 8-bit codes that are scored exactly, per neighbour: without, codes hold recall under the target
REFINED = 2
#: not fewer candidates than are scored again
EFFORTS = tuple(width for width in WIDTHS if width >= K * REFINED)


@dataclass
class OpenedLance:
    """A table, asked through its Python client."""

    table: Any
    width: int = EFFORTS[0]

    def aim(self, effort: int) -> None:
        """Goes with each search."""
        self.width = effort

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """On its pool of threads: it has no setting that changes while it runs."""
        return self._asked(query).column("id").to_numpy()

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """One request per Python thread, over the same pool."""
        return in_threads(queries, [self._many] * threads)

    def servers(self) -> list[int]:
        """None."""
        return []

    def _many(self, queries: NDArray[np.float32]) -> NDArray[np.int64]:
        found = self._asked(list(queries))
        order = np.argsort(found.column("query_index").to_numpy(), kind="stable")
        return found.column("id").to_numpy()[order].reshape(len(queries), K)

    def _asked(self, what: object) -> Any:
        asked = self.table.search(what).distance_type("dot").select(["id", "_distance"])  # without, it warns
        return asked.nprobes(1).ef(self.width).refine_factor(REFINED).limit(K).to_arrow()


class Lance:
    """github.com/lancedb/lancedb."""

    name, threads, efforts, install = "lancedb", "Python, over its own pool", EFFORTS, "lancedb"

    def title(self) -> str:
        """With its version."""
        return titled("LanceDB", self.name)

    def missing(self) -> str:
        """Its package."""
        return "" if find_spec(self.name) else "not installed"

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """On one thread, as its pool is told before it is imported."""
        os.environ["LANCE_CPU_THREADS"] = "1"
        lancedb: Any = import_module(self.name)
        import pyarrow

        vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(base.ravel()), base.shape[1])
        began_s = perf_counter()
        rows = pyarrow.table({"id": np.arange(len(base)), "vector": vectors})
        table = lancedb.connect(str(folder)).create_table(TABLE, rows)
        config = import_module("lancedb.index").HnswSq(distance_type="dot", num_partitions=1)
        table.create_index("vector", config=config)
        return perf_counter() - began_s, bytes_in(folder)

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedLance]:
        """With as many threads of its own as there are cores."""
        yield OpenedLance(import_module(self.name).connect(str(folder)).open_table(TABLE))
