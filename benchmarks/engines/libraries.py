"""Libraries of graphs in memory: hnswlib, usearch and voyager, each HNSW of float32 on one thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
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

from benchmarks.engines.engine import BUILD_WIDTH, LINKS, WIDTHS, bytes_in, titled
from benchmarks.index_vectors import K

FILE = "index.bin"


@dataclass
class OpenedLibrary(ABC):
    """An index that was read into memory; subclasses know how to ask it."""

    index: Any
    width: int = WIDTHS[0]

    def aim(self, effort: int) -> None:
        """Taken by the next search."""
        self.width = effort

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """On one thread."""
        return self.batch(query[None], 1)[0]

    @abstractmethod
    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """All in one call."""

    def servers(self) -> list[int]:
        """None."""
        return []


class OpenedHnswlib(OpenedLibrary):
    """hnswlib."""

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """With its setting of threads."""
        self.index.set_ef(self.width)
        return self.index.knn_query(queries, K, num_threads=threads)[0].astype(np.int64)


class OpenedUsearch(OpenedLibrary):
    """usearch."""

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """With its setting of threads."""
        self.index.expansion_search = self.width
        return self.index.search(queries, K, threads=threads).keys.astype(np.int64).reshape(len(queries), K)


class OpenedVoyager(OpenedLibrary):
    """voyager."""

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """A query alone, which it takes quicker than a batch of one."""
        return self.index.query(query, K, query_ef=self.width)[0].astype(np.int64)

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """With its setting of threads."""
        return self.index.query(queries, K, num_threads=threads, query_ef=self.width)[0].astype(np.int64)


class Library(ABC):
    """What the three have in common."""

    name: str
    threads, efforts = "its own", WIDTHS

    @property
    def install(self) -> str:
        """Its package has its name."""
        return self.name

    def title(self) -> str:
        """With its version."""
        return titled(self.name, self.name)

    def missing(self) -> str:
        """Its package."""
        return "" if find_spec(self.name) else "not installed"

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """On one thread, into one file."""
        began_s = perf_counter()
        self.write(base, folder / FILE)
        return perf_counter() - began_s, bytes_in(folder)

    @abstractmethod
    def write(self, base: NDArray[np.float32], file: Path) -> None:
        """Build it and save it."""


class Hnswlib(Library):
    """github.com/nmslib/hnswlib."""

    name = "hnswlib"

    def write(self, base: NDArray[np.float32], file: Path) -> None:
        """By inner product."""
        index: Any = import_module(self.name).Index("ip", base.shape[1])
        index.init_index(len(base), ef_construction=BUILD_WIDTH, M=LINKS)
        index.add_items(base, num_threads=1)
        index.save_index(str(file))
        (file.parent / "dim.txt").write_text(str(base.shape[1]), encoding="utf-8")

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedLibrary]:
        """Its file doesn't know its dimensions."""
        index: Any = import_module(self.name).Index("ip", int((folder / "dim.txt").read_text(encoding="utf-8")))
        index.load_index(str(folder / FILE))
        yield OpenedHnswlib(index)


class Usearch(Library):
    """github.com/unum-cloud/usearch."""

    name = "usearch"

    def write(self, base: NDArray[np.float32], file: Path) -> None:
        """By inner product."""
        index: Any = import_module("usearch.index").Index(
            ndim=base.shape[1], metric="ip", dtype="f32", connectivity=LINKS, expansion_add=BUILD_WIDTH
        )
        index.add(np.arange(len(base)), base, threads=1)
        index.save(str(file))

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedLibrary]:
        """Into memory, not mapped."""
        yield OpenedUsearch(import_module("usearch.index").Index.restore(str(folder / FILE)))


class Voyager(Library):
    """github.com/spotify/voyager."""

    name = "voyager"

    def write(self, base: NDArray[np.float32], file: Path) -> None:
        """By inner product."""
        voyager: Any = import_module(self.name)
        index = voyager.Index(voyager.Space.InnerProduct, base.shape[1], M=LINKS, ef_construction=BUILD_WIDTH)
        index.add_items(base, num_threads=1)
        index.save(str(file))

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedLibrary]:
        """Its file says what it holds."""
        yield OpenedVoyager(import_module(self.name).Index.load(str(folder / FILE)))
