"""A process that holds one engine and answers, so that its memory is that engine's alone; it times queries itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.catalogue import ENGINES
from benchmarks.engines.engine import Engine, Opened
from benchmarks.engines.memory import Memory, memory_of

#: that it may take to end, closing its server
END_S = 60


@dataclass(frozen=True, slots=True)
class Holder:
    """The caller's end."""

    engine: Engine
    connection: Connection

    def aim(self, effort: int) -> None:
        """Search with this effort from now on."""
        self._order("aim", effort)

    def ask(self, queries: NDArray[np.float32]) -> tuple[list[float], NDArray[np.int64]]:
        """Milliseconds and row numbers of each, put one after another."""
        return self._order("ask", queries)

    def per_s(self, queries: NDArray[np.float32], threads: int, least_s: float) -> float:
        """Queries a second, all together, on so many threads, again and again for at least so long."""
        return self._order("batch", queries, threads, least_s)

    def memory(self) -> Memory:
        """Of the process, or of the server behind it."""
        return self._order("memory")

    def _order(self, *words: Any) -> Any:
        try:
            self.connection.send(words)
            return self.connection.recv()
        except (EOFError, OSError):
            raise SystemExit(f"{self.engine.title()} ended; what was built is kept") from None


@contextmanager
def holder(engine: Engine, folder: Path) -> Iterator[Holder]:
    """A new process with what was built there."""
    spawned = get_context("spawn")
    ours, theirs = spawned.Pipe()
    process = spawned.Process(target=_hold, args=(theirs, engine.name, folder))
    process.start()
    theirs.close()
    try:
        held = Holder(engine, ours)
        held.memory()  # waits until it is open
        yield held
    finally:
        ours.close()  # which ends it
        process.join(END_S)
        process.kill()


def _hold(connection: Connection, name: str, folder: Path) -> None:
    os.dup2(2, 1)  # standard output is the report's
    with ENGINES[name].opened(folder) as opened, suppress(EOFError):
        while True:
            order, *words = connection.recv()
            connection.send(_ORDERS[order](opened, *words))


def _aim(opened: Opened, effort: int) -> None:
    opened.aim(effort)


def _ask(opened: Opened, queries: NDArray[np.float32]) -> tuple[list[float], NDArray[np.int64]]:
    opened.search(queries[0])  # caches hold others
    took_ms, found = [], []
    for query in queries:
        began_s = perf_counter()
        found.append(opened.search(query))
        took_ms.append((perf_counter() - began_s) * 1000)
    return took_ms, np.array(found)


def _batch(opened: Opened, queries: NDArray[np.float32], threads: int, least_s: float) -> float:
    times, took_s, began_s = 0, 0.0, perf_counter()
    while times == 0 or took_s < least_s:
        opened.batch(queries, threads)
        times, took_s = times + 1, perf_counter() - began_s
    return times * len(queries) / took_s


def _memory(opened: Opened) -> Memory:
    return memory_of(opened.servers() or [os.getpid()])


_ORDERS: dict[str, Callable[..., Any]] = {"aim": _aim, "ask": _ask, "batch": _batch, "memory": _memory}
