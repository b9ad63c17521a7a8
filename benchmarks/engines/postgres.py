"""pgvector, in a PostgreSQL server reached through a Unix socket: HNSW of float32 in a table.

The server's folder is one that its account may use, made for each run; what is kept is a copy of its data.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from struct import pack
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.engine import BUILD_WIDTH, LINKS, WIDTHS, in_threads
from benchmarks.engines.memory import descendants
from benchmarks.index_vectors import K
from tests.servers import PostgresServer, pgvector_programs, postgres_server

if TYPE_CHECKING:
    from psycopg import Connection

DATABASE = "postgres"


@dataclass
class OpenedPgvector:
    """A server with two connections."""

    server: PostgresServer
    connections: list[Connection]

    def aim(self, effort: int) -> None:
        """A setting of the session."""
        for connection in self.connections:
            connection.execute(f"SET hnsw.ef_search = {effort}")

    def search(self, query: NDArray[np.float32]) -> NDArray[np.int64]:
        """Over the first connection."""
        return nearest(self.connections[0], query[None])[0]

    def batch(self, queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
        """Over as many connections, each a query at a time."""
        return in_threads(queries, [partial(nearest, one) for one in self.connections[:threads]])

    def servers(self) -> list[int]:
        """The postmaster and what it started."""
        postmaster = int((self.server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        return [postmaster, *descendants(postmaster)]


def nearest(connection: Connection, queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """Row numbers (q, K), one statement per query."""
    statement = f"SELECT id FROM parts ORDER BY vector <#> %s::vector LIMIT {K}"
    return np.array([[row[0] for row in connection.execute(statement, (str(one.tolist()),))] for one in queries])


class Pgvector:
    """github.com/pgvector/pgvector, the release that pgserver brings."""

    name, threads, efforts, install = "pgvector", "connections", WIDTHS, "pgserver"

    def title(self) -> str:
        """With its version."""
        return "pgvector 0.6.2"

    def missing(self) -> str:
        """The package that brings it."""
        return "" if pgvector_programs() else "not installed, or out of reach of the account that runs servers"

    def build(self, base: NDArray[np.float32], folder: Path) -> tuple[float, int]:
        """Binary COPY, then the index on one thread."""
        import psycopg

        with postgres_server(self._programs()) as server:
            with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
                began_s = perf_counter()
                fill(connection, base)
                index(connection)
                connection.execute("VACUUM ANALYZE parts")
                connection.execute("CHECKPOINT")
                took_s = perf_counter() - began_s
                size = connection.execute("SELECT pg_total_relation_size('parts')").fetchone()
            server.stop("fast")
            shutil.copytree(server.data, folder / "data")
            server.start()
        return took_s, 0 if size is None else size[0]

    @contextmanager
    def opened(self, folder: Path) -> Iterator[OpenedPgvector]:
        """A server over a copy of the data."""
        import psycopg

        with postgres_server(self._programs()) as server, ExitStack() as connected:
            server.stop("fast")
            shutil.rmtree(server.data)
            shutil.copytree(folder / "data", server.data)
            if server.account is not None:
                subprocess.run(["chown", "-R", server.account, server.data], check=True)
            server.start()
            connections = [psycopg.connect(server.url(DATABASE), autocommit=True) for _ in range(2)]
            for connection in connections:
                connected.enter_context(connection)
                # vectors lie outside of the rows, so that it takes reading all of them for cheap, up to some 10,000
                connection.execute("SET enable_seqscan = off")
            yield OpenedPgvector(server, connections)

    def _programs(self) -> Path:
        programs = pgvector_programs()
        if programs is None:
            raise RuntimeError(self.missing())
        return programs


def fill(connection: Connection, base: NDArray[np.float32]) -> None:
    """The table, from PostgreSQL's binary format."""
    dim = base.shape[1]
    connection.execute("CREATE EXTENSION vector")
    connection.execute(f"CREATE TABLE parts (id bigint NOT NULL, vector vector({dim}) NOT NULL)")
    with connection.cursor().copy("COPY parts FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for number, vector in enumerate(base):
            value = pack(">hh", dim, 0) + vector.astype(">f4").tobytes()
            copy.write(pack(">hiqi", 2, 8, number, len(value)) + value)
        copy.write(pack(">h", -1))


def index(connection: Connection) -> None:
    """The graph, in memory while it is built."""
    connection.execute("SET maintenance_work_mem = '1GB'")
    connection.execute("SET max_parallel_maintenance_workers = 0")
    options = f"m = {LINKS}, ef_construction = {BUILD_WIDTH}"
    connection.execute(f"CREATE INDEX ON parts USING hnsw (vector vector_ip_ops) WITH ({options})")
