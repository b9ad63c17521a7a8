"""The servers of other engines that tests run: kept from the network, and what they find is what numpy finds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from tests.milvus_servers import MilvusServer
from tests.servers import PostgresServer
from tests.unit_vectors import grouped

VECTORS = grouped(400, 64, seed=1)
QUERIES = grouped(5, 64, seed=2)
IDS = np.arange(len(VECTORS)) + 1000
ODD = IDS % 2 == 1
#: as the kernel writes the state of a listening socket, and an address that is none in particular
LISTENING, ANY = "0A", {"00000000", "0" * 32}


def nearest(k: int, rows: NDArray[np.bool_]) -> list[list[int]]:
    """Ids of the rows that are most similar to each query, best first."""
    similarities = QUERIES @ VECTORS[rows].T
    return [IDS[rows][order].tolist() for order in np.argsort(-similarities, axis=1)[:, :k]]


def listening(process: str | int) -> dict[str, str]:
    """Address of each listening TCP socket that the process's network namespace has, by inode."""
    found = {}
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENING:
                found[words[9]] = words[1].partition(":")[0]
    return found


def sockets(process: str | int) -> set[str]:
    """Inodes of the sockets that a process holds open."""
    targets = [os.readlink(file) for file in Path(f"/proc/{process}/fd").iterdir()]
    return {inode for target in targets for inode in re.findall(r"^socket:\[(\d+)\]$", target)}


def interfaces(process: str | int) -> set[str]:
    lines = Path(f"/proc/{process}/net/dev").read_text().splitlines()[2:]
    return {line.partition(":")[0].strip() for line in lines}


def processes_of(group: int) -> list[int]:
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
    return [number for number in numbers if _group(number) == group]


def _group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return None


def test_milvus_listens_where_nothing_but_loopback_is(milvus: MilvusServer) -> None:
    group = processes_of(milvus.process.pid)
    open_sockets = set().union(*(sockets(process) for process in group))
    inside = listening(milvus.process.pid)
    assert ANY & {inside[inode] for inode in open_sockets & set(inside)}, "it no longer listens everywhere"
    assert all(interfaces(process) == {"lo"} for process in group)
    assert open_sockets & set(listening("self")) == set()


def test_postgres_listens_at_no_port(pgvector: PostgresServer) -> None:
    server = int((pgvector.data / "postmaster.pid").read_text().split()[0])
    assert sockets(server)
    assert sockets(server) & set(listening("self")) == set()


@pytest.fixture
def connection(pgvector: PostgresServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pgvector.url(pgvector.create_database())) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE TABLE parts (id bigint PRIMARY KEY, vector vector(64) NOT NULL)")
        rows = [(int(id_), str(vector.tolist())) for id_, vector in zip(IDS, VECTORS, strict=True)]
        connection.cursor().executemany("INSERT INTO parts VALUES (%s, %s)", rows)
        yield connection


def pgvector_ids(connection: psycopg.Connection, k: int, condition: str = "true") -> list[list[int]]:
    statement = f"SELECT id FROM parts WHERE {condition} ORDER BY vector <#> %s::vector LIMIT {k}"
    return [[row[0] for row in connection.execute(statement, (str(query.tolist()),))] for query in QUERIES]


def test_pgvector_finds_what_numpy_finds(connection: psycopg.Connection) -> None:
    assert pgvector_ids(connection, 10, "id %% 2 = 1") == nearest(10, ODD)
    connection.execute("DELETE FROM parts WHERE id % 2 = 0")
    assert pgvector_ids(connection, 10) == nearest(10, ODD)


def test_old_pgvector_filters_what_its_index_found(connection: psycopg.Connection) -> None:
    """Why a filter that lets few rows through is answered without the index."""
    connection.execute("CREATE INDEX ON parts USING hnsw (vector vector_ip_ops)")
    connection.execute("SET enable_seqscan = off")
    connection.execute("SET hnsw.ef_search = 10")
    few = IDS % 40 == 0
    assert any(len(found) < 10 for found in pgvector_ids(connection, 10, "id %% 40 = 0"))
    connection.execute("RESET enable_seqscan")
    connection.execute("SET enable_indexscan = off")
    assert pgvector_ids(connection, 10, "id %% 40 = 0") == nearest(10, few)


def test_milvus_finds_what_numpy_finds_and_forgets_at_once(milvus: MilvusServer) -> None:
    from pymilvus import MilvusClient

    client = MilvusClient(milvus.uri)
    client.create_collection("parts", 64, metric_type="IP", consistency_level="Strong")
    rows = [{"id": int(id_), "vector": vector, "odd": bool(id_ % 2)} for id_, vector in zip(IDS, VECTORS, strict=True)]
    client.insert("parts", rows)

    def found(condition: str = "") -> list[list[int]]:
        hits = client.search("parts", list(QUERIES), filter=condition, limit=10)
        return [[hit["id"] for hit in each] for each in hits]

    assert found("odd == true") == nearest(10, ODD)
    client.delete("parts", filter="odd == false")
    assert found() == nearest(10, ODD)
    client.drop_collection("parts")
    client.close()
