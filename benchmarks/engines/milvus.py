"""Milvus, a server reached through a Unix socket: HNSW of float32, asked without waiting for what was written last."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.engine import BUILD_WIDTH, LINKS, WIDTHS, bytes_in, in_threads, titled
from benchmarks.engines.memory import descendants, is_running
from benchmarks.index_vectors import K
from tests.milvus_servers import MilvusServer, may_leave_the_network, milvus_is_installed, milvus_server

COLLECTION = "parts"
#: rows of one insert, whose messages have a limit
SENT = 2_000
END_S = 120
#: what holds rows and index; beside them lie the log of what was sent, and etcd, which grow in steps of their own
STORED = ("insert_log", "index_files", "stats_log", "delta_log")


@dataclass
class OpenedMilvus:
    """A server with two clients."""

    server: MilvusServer
    clients: list[Any]
    width: int = WIDTHS[0]

    def aim(self, effort: int) -> None:
        """Goes with each search."""
        self.width = effort

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """Over the first connection."""
        return self._many(self.clients[0], query[None])[0]

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """Over as many connections, one request each."""
        return in_threads(queries, [partial(self._many, client) for client in self.clients[:threads]])

    def servers(self) -> list[int]:
        """Without the forwarder that started it."""
        return descendants(self.server.process.pid)

    def _many(self, client: Any, queries: NDArray[np.float32]) -> NDArray[np.int64]:
        hits = client.search(
            COLLECTION, list(queries), limit=K, search_params={"params": {"ef": self.width}},
            consistency_level="Eventually",
        )  # fmt: skip
        return np.array([[hit["id"] for hit in one] for one in hits], np.int64)


class Milvus:
    """github.com/milvus-io/milvus."""

    name, threads, efforts, install = "milvus", "connections, over its own pool", WIDTHS, "milvus pymilvus"

    def title(self) -> str:
        """With its version."""
        return titled("Milvus", self.name)

    def missing(self) -> str:
        """Its packages, or a network of its own."""
        if not milvus_is_installed():
            return "not installed"
        return "" if may_leave_the_network() else "can't be kept from the network here"

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """Sending, flushing and indexing, on as many threads as it takes; then a copy."""
        from pymilvus import MilvusClient

        with milvus_server() as server:
            client = MilvusClient(server.uri)
            began_s = perf_counter()
            fill(client, base)
            took_s = perf_counter() - began_s
            client.close()
            end(descendants(server.process.pid))
            shutil.copytree(server.folder / "data", folder / "data")
        return took_s, sum(bytes_in(path) for path in folder.rglob("*") if path.name in STORED)

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedMilvus]:
        """A server over a copy of the data."""
        from pymilvus import MilvusClient

        with milvus_server(folder / "data") as server:
            clients = [MilvusClient(server.uri) for _ in range(2)]
            clients[0].load_collection(COLLECTION)
            yield OpenedMilvus(server, clients)
            for client in clients:
                client.close()


def end(pids: Sequence[int]) -> None:
    """Tell the server to end, and wait: one that is killed holds up the next on its data until its leases lapse."""
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    deadline_s = monotonic() + END_S
    while any(is_running(pid) for pid in pids):
        if monotonic() > deadline_s:
            raise RuntimeError(f"Milvus did not end in {END_S} s")
        sleep(0.1)


def fill(client: Any, base: NDArray[np.float32]) -> None:
    """The collection and its index."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=base.shape[1])
    client.create_collection(COLLECTION, schema=schema, consistency_level="Strong")
    for start in range(0, len(base), SENT):
        part = base[start : start + SENT]
        client.insert(COLLECTION, [{"id": start + row, "vector": vector} for row, vector in enumerate(part)])
    client.flush(COLLECTION)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": LINKS, "efConstruction": BUILD_WIDTH})
    client.create_index(COLLECTION, index)
