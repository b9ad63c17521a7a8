"""Vector engines side by side on the same vectors: recall, latency, throughput, building, disk and memory.

python -m benchmarks.peers

Ours, pgvector and Milvus come with the tests' dependencies; `pip install hnswlib usearch voyager lancedb chromadb` for
the others. What is absent is left out, and said to be. Builds are kept below --out and used by the next run, so that a
run that was stopped goes on; remove them to build anew. --vectors names a folder with base.npy, queries.npy and
labels.npy to use instead of the mixture.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.engines.builds import Build, built
from benchmarks.engines.catalogue import ENGINES
from benchmarks.engines.engine import Engine
from benchmarks.engines.holder import Holder, holder
from benchmarks.engines.memory import Memory
from benchmarks.index_vectors import ALL, Vectors
from benchmarks.report import Report, Spread, arguments, figure, table

#: queries that one engine answers before the next has its turn
TURN = 20
#: what every engine is tuned to
RECALL = 0.98
#: of batches, each of which is repeated for so long
ROUNDS, BATCH_S = 3, 0.5
THREADS = (1, 2)
UNKNOWN = Memory(0, 0)
HEAD = (
    "engine", "recall@10", "effort", "p50 / p95 ms", "queries/s, 1 / 2 threads", "whose threads", "build seconds",
    "bytes/vector", "anonymous MB", "peak RSS MB",
)  # fmt: skip


@dataclass
class Measured:
    """One engine that holds the vectors, and what was measured of it."""

    held: Holder
    build: Build
    effort: int = 0
    took_ms: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    #: by threads
    per_s: dict[int, list[float]] = field(default_factory=dict)
    memory: Memory = UNKNOWN
    memory_after_batches: Memory = UNKNOWN

    @property
    def engine(self) -> Engine:
        """Whose figures these are."""
        return self.held.engine

    def tune(self, vectors: Vectors, numbers: range) -> None:
        """The least effort whose recall of these queries is right, or the greatest."""
        for effort in self.engine.efforts:
            self.effort = effort
            self.held.aim(effort)
            _, recalls = self._asked(vectors, numbers)
            if mean(recalls) >= RECALL:
                break
        print(f"{self.engine.title()}: effort {self.effort}", file=sys.stderr, flush=True)

    def ask(self, vectors: Vectors, numbers: range) -> None:
        """Time these queries, and hold the answers against the right ones."""
        took_ms, recalls = self._asked(vectors, numbers)
        self.took_ms += took_ms
        self.recalls += recalls

    def batch(self, vectors: Vectors, least_s: float) -> None:
        """All queries together, on each number of threads."""
        for threads in THREADS:
            self.per_s.setdefault(threads, []).append(self.held.per_s(vectors.queries, threads, least_s))

    def _asked(self, vectors: Vectors, numbers: range) -> tuple[list[float], list[float]]:
        took_ms, found = self.held.ask(vectors.queries[numbers.start : numbers.stop])
        return took_ms, [vectors.recall(rows, ALL, number) for number, rows in zip(numbers, found, strict=True)]

    def row(self, count: int) -> list[str]:
        """Of the table."""
        return [
            self.engine.title(),
            f"{mean(self.recalls):.3f}",
            str(self.effort or "its own"),
            Spread.of(self.took_ms).p50_p95(),
            " / ".join(figure(median(self.per_s[threads])) for threads in THREADS),
            self.engine.threads,
            figure(self.build.seconds),
            figure(self.build.disk_bytes / count),
            figure(self.memory.anonymous / 1e6),
            figure(self.memory.peak / 1e6),
        ]

    def figures(self) -> dict[str, Any]:
        """For the file, without its folder."""
        return {
            "effort": self.effort,
            "recall": mean(self.recalls),
            "ms": Spread.of(self.took_ms),
            "per_s": self.per_s,
            "build_s": self.build.seconds,
            "disk_bytes": self.build.disk_bytes,
            "memory": self.memory,
            "memory_after_batches": self.memory_after_batches,
        }


def measure(all_of_them: Sequence[Measured], vectors: Vectors, queries: int, batch_s: float) -> None:
    """Tune each by the later queries, then put the first to all by turns, at last all of them together."""
    asked = range(queries)
    for each in all_of_them:
        each.tune(vectors, range(queries, 2 * queries))
    for start in asked[::TURN]:
        for each in all_of_them:
            each.ask(vectors, asked[start : start + TURN])
    for each in all_of_them:
        each.memory = each.held.memory()
    for _ in range(ROUNDS):
        for each in all_of_them:
            each.batch(vectors, batch_s)
    for each in all_of_them:
        each.memory_after_batches = each.held.memory()


def left_out(engines: Iterable[Engine]) -> list[str]:
    """A paragraph about those that can't run here."""
    lines = [
        f"{engine.title()}, {missing} (`pip install {engine.install}`)"
        for engine in engines
        if (missing := engine.missing())
    ]
    return [f"Left out: {'; '.join(lines)}."] if lines else []


def options_of() -> Namespace:
    """The command line's."""
    parser = arguments(__doc__)
    parser.add_argument("--vectors", type=Path, help="folder of the vectors (default: made below --out)")
    parser.add_argument("--count", type=int, default=100_000, help="vectors (default 100000)")
    parser.add_argument("--dims", type=int, default=1024, help="dimensions (default 1024)")
    parser.add_argument("--queries", type=int, default=200, help="measured; as many others tune (default 200)")
    parser.add_argument("--peers", nargs="+", choices=ENGINES, default=list(ENGINES), help="(default: all)")
    options = parser.parse_args()
    if options.smoke:
        options.count, options.dims, options.queries = 2_000, 64, 20
    return options


def main() -> None:
    """Build what isn't kept, hold every engine in a process of its own, measure, and publish."""
    options = options_of()
    count, dim, queries = options.count, options.dims, options.queries
    engines = [ENGINES[name] for name in options.peers]
    report = Report("peers", options.out)
    name = "peers" if options.vectors is None else f"peers-{options.vectors.resolve().name}"
    kept = (options.out / f"{name}-{count}-{dim}").absolute()
    source = kept if options.vectors is None else options.vectors.absolute()
    vectors = Vectors.of(source, count, dim, 2 * queries)
    if len(vectors.queries) < 2 * queries:
        raise SystemExit(f"{source.name} holds {len(vectors.queries)} queries, wanted 2 × --queries")
    present = [engine for engine in engines if not engine.missing()]
    builds = [built(engine, source / "base.npy", count, kept / "built") for engine in present]
    with ExitStack() as running:
        measured = [
            Measured(running.enter_context(holder(engine, build.folder)), build)
            for engine, build in zip(present, builds, strict=True)
        ]
        measure(measured, vectors, queries, 0 if options.smoke else BATCH_S)
    tables = [
        f"{count:,} vectors of {dim} dimensions, {queries} queries by turns; batches of {2 * queries}, "
        f"medians of {ROUNDS}.",
        table(HEAD, [each.row(count) for each in measured]),
        *left_out(engines),
    ]
    figures = {each.engine.title(): each.figures() for each in measured}
    report.publish(tables, {"count": count, "dims": dim, "engines": figures})


if __name__ == "__main__":
    main()
