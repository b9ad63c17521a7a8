"""Vector engines side by side on the same vectors: recall, latency, throughput, building.

python -m benchmarks.peers

Ours, pgvector and Milvus come with the tests' dependencies; hnswlib, usearch and voyager are measured where installed,
and said where not. --vectors names a folder with base.npy, queries.npy and labels.npy to use instead of the mixture.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from struct import pack
from time import perf_counter
from typing import Any

import faiss
import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.index_vectors import ALL, K, Vectors
from benchmarks.report import Report, Spread, arguments, figure, table
from emovec_db.index.structures import build_frozen
from tests.milvus_servers import may_leave_the_network, milvus_is_installed, milvus_server
from tests.servers import pgvector_programs, postgres_server

#: queries that one engine answers before the next has its turn
TURN = 20
#: of every graph: links per vector, candidates while building and while searching
LINKS, BUILD_WIDTH, SEARCH_WIDTH = 16, 128, 64
#: rows of one insert into Milvus, whose messages have a limit
SENT = 2_000

#: row numbers of the K nearest, from one query float32 (dim,)
Search = Callable[[NDArray[np.float32]], NDArray[np.int64]]


@dataclass
class Measured:
    """One engine that holds the vectors."""

    name: str
    search: Search
    build_s: float
    took_ms: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)

    def ask(self, vectors: Vectors, numbers: range) -> None:
        """Time these queries, and hold the answers against the right ones."""
        for number in numbers:
            began_s = perf_counter()
            found = self.search(vectors.queries[number])
            self.took_ms.append((perf_counter() - began_s) * 1000)
            self.recalls.append(vectors.recall(found, ALL, number))


@contextmanager
def ours(base: NDArray[np.float32]) -> Iterator[Search]:
    """The structure that collections of this size get, tuned by itself to a recall of .98."""
    index = build_frozen(base)
    yield lambda query: index.search(query[None], K).ids[0]


@contextmanager
def with_hnswlib(base: NDArray[np.float32]) -> Iterator[Search]:
    """HNSW of float32, on one thread."""
    index: Any = import_module("hnswlib").Index("ip", base.shape[1])
    index.init_index(len(base), ef_construction=BUILD_WIDTH, M=LINKS)
    index.add_items(base, num_threads=1)
    index.set_ef(SEARCH_WIDTH)
    yield lambda query: index.knn_query(query, K, num_threads=1)[0][0].astype(np.int64)


@contextmanager
def with_usearch(base: NDArray[np.float32]) -> Iterator[Search]:
    """HNSW of float32, on one thread."""
    index: Any = import_module("usearch.index").Index(
        ndim=base.shape[1], metric="ip", dtype="f32", connectivity=LINKS,
        expansion_add=BUILD_WIDTH, expansion_search=SEARCH_WIDTH,
    )  # fmt: skip
    index.add(np.arange(len(base)), base, threads=1)
    yield lambda query: index.search(query, K, threads=1).keys.astype(np.int64)


@contextmanager
def with_voyager(base: NDArray[np.float32]) -> Iterator[Search]:
    """HNSW of float32, on one thread."""
    voyager: Any = import_module("voyager")
    index = voyager.Index(voyager.Space.InnerProduct, base.shape[1], M=LINKS, ef_construction=BUILD_WIDTH)
    index.add_items(base, num_threads=1)
    yield lambda query: index.query(query, K, query_ef=SEARCH_WIDTH)[0].astype(np.int64)


@contextmanager
def with_pgvector(programs: Path, base: NDArray[np.float32]) -> Iterator[Search]:
    """Binary COPY, then HNSW of float32, in a server reached through a Unix socket."""
    dim = base.shape[1]
    with postgres_server(programs) as server, psycopg.connect(server.url(server.create_database())) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute(f"CREATE TABLE parts (id bigint NOT NULL, vector vector({dim}) NOT NULL)")
        with connection.cursor().copy("COPY parts FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for number, vector in enumerate(base):
                value = pack(">hh", dim, 0) + vector.astype(">f4").tobytes()
                copy.write(pack(">hiqi", 2, 8, number, len(value)) + value)
            copy.write(pack(">h", -1))
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(
            "CREATE INDEX ON parts USING hnsw (vector vector_ip_ops) "
            f"WITH (m = {LINKS}, ef_construction = {BUILD_WIDTH})"
        )
        connection.execute(f"SET hnsw.ef_search = {SEARCH_WIDTH}")

        def search(query: NDArray[np.float32]) -> NDArray[np.int64]:
            statement = f"SELECT id FROM parts ORDER BY vector <#> %s::vector LIMIT {K}"
            return np.array([row[0] for row in connection.execute(statement, (_text(query),))], np.int64)

        yield search


def _text(query: NDArray[np.float32]) -> str:
    return str(query.tolist())


@contextmanager
def with_milvus(base: NDArray[np.float32]) -> Iterator[Search]:
    """HNSW of float32, in a server reached through a Unix socket, asked without waiting for what was written last."""
    from pymilvus import DataType, MilvusClient

    with milvus_server() as server:
        client = MilvusClient(server.uri)
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=base.shape[1])
        client.create_collection("parts", schema=schema, consistency_level="Strong")
        for start in range(0, len(base), SENT):
            part = base[start : start + SENT]
            client.insert("parts", [{"id": start + row, "vector": vector} for row, vector in enumerate(part)])
        client.flush("parts")
        index = client.prepare_index_params()
        index.add_index(
            "vector", index_type="HNSW", metric_type="IP", params={"M": LINKS, "efConstruction": BUILD_WIDTH}
        )
        client.create_index("parts", index)
        client.load_collection("parts")

        def search(query: NDArray[np.float32]) -> NDArray[np.int64]:
            hits = client.search(
                "parts",
                [query],
                limit=K,
                search_params={"params": {"ef": SEARCH_WIDTH}},
                consistency_level="Eventually",
            )
            return np.array([hit["id"] for hit in hits[0]], np.int64)

        yield search
        client.close()


def engines() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Those that can run here."""
    yield "emovec-db", ours
    for name, engine in (("hnswlib", with_hnswlib), ("usearch", with_usearch), ("voyager", with_voyager)):
        if find_spec(name) is None:
            print(f"{name} is not installed", file=sys.stderr)
        else:
            yield name, engine
    programs = pgvector_programs()
    if programs is None:
        print("pgserver is not installed", file=sys.stderr)
    else:
        yield "pgvector 0.6.2", partial(with_pgvector, programs)
    if milvus_is_installed() and may_leave_the_network():
        yield "Milvus 2.3.5", with_milvus
    else:
        print("Milvus is not installed, or can't be kept from the network", file=sys.stderr)


def main() -> None:
    """Build every engine, put the queries to all by turns, and publish."""
    parser = arguments(__doc__)
    parser.add_argument("--vectors", type=Path, help="folder of the vectors (default: made below --out)")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    count, dim, queries = (2_000, 64, 20) if options.smoke else (options.count, 1024, options.queries)
    report = Report("peers", options.out)
    faiss.omp_set_num_threads(1)
    vectors = Vectors.of(options.vectors or options.out / f"peers-{count}-{dim}", count, dim, queries)
    base = np.array(vectors.base)  # voyager takes no maps of files
    measured = []
    with ExitStack() as running:
        for name, engine in engines():
            began_s = perf_counter()
            search = running.enter_context(engine(base))
            measured.append(Measured(name, search, perf_counter() - began_s))
            print(f"{name} was built in {measured[-1].build_s:.0f} s", file=sys.stderr, flush=True)
        for start in range(0, queries, TURN):
            for each in measured:
                each.search(vectors.queries[start])
                each.ask(vectors, range(start, min(start + TURN, queries)))
    rows = [
        [each.name, f"{mean(each.recalls):.3f}", Spread.of(each.took_ms).p50_p95(), figure(each.build_s)]
        for each in measured
    ]
    head = ["engine", "recall@10", "p50 / p95 ms", "build seconds"]
    report.publish([table(head, rows)], {"count": count, "rows": rows})


if __name__ == "__main__":
    main()
