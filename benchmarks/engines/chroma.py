"""Chroma, embedded: rows in SQLite, HNSW of float32 beside them. Telemetry is off, and no model is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.engine import BUILD_WIDTH, LINKS, WIDTHS, bytes_in, in_threads, titled
from benchmarks.index_vectors import K

COLLECTION = "parts"
#: rows of one addition; it takes 5,461 at most
SENT = 5_000


def client_of(folder: Path) -> Any:
    """A client of the files in this folder."""
    settings = import_module("chromadb.config").Settings(anonymized_telemetry=False)
    return import_module("chromadb").PersistentClient(str(folder), settings=settings)


@dataclass
class OpenedChroma:
    """A collection, asked through its Python client."""

    folder: Path
    collection: Any = field(init=False)

    def __post_init__(self) -> None:
        self._open()

    def aim(self, effort: int) -> None:
        """Open it anew: an index in memory keeps the width that it was opened with."""
        self.collection.modify(configuration={"hnsw": {"ef_search": effort}})
        self._open()

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """A query alone."""
        return self._many(query[None])[0]

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """One request per Python thread."""
        return in_threads(queries, [self._many] * threads)

    def servers(self) -> list[int]:
        """None."""
        return []

    def _open(self) -> None:
        import_module("chromadb.api.shared_system_client").SharedSystemClient.clear_system_cache()
        self.collection = client_of(self.folder).get_collection(COLLECTION, embedding_function=None)

    def _many(self, queries: NDArray[np.float32]) -> NDArray[np.int64]:
        found = self.collection.query(query_embeddings=queries, n_results=K, include=[])
        return np.array(found["ids"]).astype(np.int64)


class Chroma:
    """github.com/chroma-core/chroma."""

    name, threads, efforts, install = "chroma", "Python", WIDTHS, "chromadb"

    def title(self) -> str:
        """With its version."""
        return titled("Chroma", self.install)

    def missing(self) -> str:
        """Its package."""
        return "" if find_spec(self.install) else "not installed"

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """On one thread; ids are text there."""
        hnsw = {"space": "ip", "max_neighbors": LINKS, "ef_construction": BUILD_WIDTH, "num_threads": 1}
        client = client_of(folder)
        began_s = perf_counter()
        collection = client.create_collection(COLLECTION, embedding_function=None, configuration={"hnsw": hnsw})
        for start in range(0, len(base), SENT):
            part = base[start : start + SENT]
            collection.add(ids=[str(start + row) for row in range(len(part))], embeddings=part)
        return perf_counter() - began_s, bytes_in(folder)

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedChroma]:
        """Its files are written to when the width changes."""
        yield OpenedChroma(folder)
