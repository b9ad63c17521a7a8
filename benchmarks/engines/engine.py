"""What every vector engine does for `benchmarks.peers`: build once into a folder, open it, search at an effort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: of every graph, unless its makers recommend others: links per vector, candidates while building
LINKS, BUILD_WIDTH = 16, 128
#: candidates while searching a graph, tried from the left until the recall is right
WIDTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
#: of engines that find their effort themselves
ITS_OWN = (0,)

#: float32 (q, dim) -> row numbers int64 (q, K)
Answer = Callable[[NDArray[np.float32]], NDArray[np.int64]]


class Opened(Protocol):
    """An index that answers."""

    def aim(self, effort: int) -> None:
        """Search with so many candidates from now on."""

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """Row numbers of the K nearest, from one query float32 (dim,), on one thread."""

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """Row numbers (q, K) of many queries, in the quickest way that the engine has on so many threads."""

    def servers(self) -> list[int]:
        """The processes that hold the index; none where it is this one."""


class Engine(Protocol):
    """One engine: where it comes from and how it is tuned."""

    @property
    def name(self) -> str:
        """As `--peers` takes it."""

    @property
    def threads(self) -> str:
        """What "threads" of a batch are."""

    @property
    def efforts(self) -> Sequence[int]:
        """To try, the least first."""

    @property
    def install(self) -> str:
        """The packages that bring it; empty where it needs none."""

    def title(self) -> str:
        """With its version, as the table shows it; also where its build is kept."""

    def missing(self) -> str:
        """Why it can't run here; empty where it can."""

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """Write the index of float32 (n, dim) into this empty folder: seconds from vectors to files, bytes on disk."""

    def opened(self, folder: Path) -> AbstractContextManager[Opened]:
        """What build() wrote there."""


def titled(name: str, package: str) -> str:
    """A name with the version of the package, where it is installed."""
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:
        return name


def bytes_in(folder: Path) -> int:
    """Of all files below it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def in_threads(queries: NDArray[np.float32], answers: Sequence[Answer]) -> NDArray[np.int64]:
    """Each answers its share of the queries in a Python thread of its own."""
    if len(answers) == 1:
        return answers[0](queries)
    with ThreadPoolExecutor(len(answers)) as pool:
        shares = np.array_split(queries, len(answers))
        return np.concatenate(list(pool.map(lambda answer, share: answer(share), answers, shares)))
