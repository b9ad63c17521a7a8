"""The frozen index of this project, as collections of the size get it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.engine import ITS_OWN, bytes_in
from benchmarks.index_vectors import K
from emovec_db.index.frozen import FrozenIndex

KIND = "kind.txt"


@dataclass
class OpenedOurs:
    """Searched by itself, on as many threads as FAISS is told."""

    index: FrozenIndex

    def aim(self, effort: int) -> None:
        """It found its effort while it was built."""

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """On one thread."""
        return self.index.search(query[None], K).ids[0]

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """All in one call."""
        import faiss

        faiss.omp_set_num_threads(threads)
        found = self.index.search(queries, K).ids
        faiss.omp_set_num_threads(1)
        return found

    def servers(self) -> list[int]:
        """None."""
        return []


class Ours:
    """Tuned by itself, on rows that are left out of their own answers."""

    name, threads, efforts, install = "emovec-db", "its own", ITS_OWN, ""

    def title(self) -> str:
        """Of this checkout."""
        return self.name

    def missing(self) -> str:
        """Nothing."""
        return ""

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """On one thread."""
        import faiss

        from emovec_db.index.structures import build_frozen

        faiss.omp_set_num_threads(1)
        began_s = perf_counter()
        index = build_frozen(base)
        index.save(folder)
        took_s, size = perf_counter() - began_s, bytes_in(folder)
        (folder / KIND).write_text(index.kind, encoding="utf-8")
        return took_s, size

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedOurs]:
        """Mapped from its files."""
        import faiss

        from emovec_db.index.structures import load_frozen

        faiss.omp_set_num_threads(1)
        yield OpenedOurs(load_frozen(folder, (folder / KIND).read_text(encoding="utf-8")))
