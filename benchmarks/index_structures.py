"""Structures of frozen indexes, alone: recall, latency with and without masks, throughput, memory, building, opening.

python -m benchmarks.index_structures

Vectors, exact answers and built indexes are kept below --out; what is there is used. --vectors names a folder with
base.npy, queries.npy and labels.npy to use instead of the made-up mixture. One thread, unless a column says otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from time import perf_counter, thread_time

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.index_vectors import ALL, K, Vectors
from benchmarks.processes import python, run
from benchmarks.report import Report, Spread, arguments, figure, table
from emovec_db.index.frozen import FrozenIndex
from emovec_db.index.inverted_file import InvertedFile
from emovec_db.index.matrix import Matrix
from emovec_db.index.structures import load_frozen

#: queries that one index answers before the next has its turn
TURN = 20
#: HNSW beside them, as FAISS has it: links per row, rows looked at while building and while searching
LINKS, BUILD_WIDTH, SEARCH_WIDTH = 32, 40, 64
HNSW = "hnsw"
STRUCTURES = ("matrix", "ivf", HNSW)

_OPENED = """
import json, sys
from pathlib import Path
from time import perf_counter
import numpy as np
import faiss
from emovec_db.index.structures import load_frozen
folder, kind, queries = Path(sys.argv[1]), sys.argv[2], np.load(sys.argv[3])
def anonymous_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
before_kb, began_s = anonymous_kb(), perf_counter()
index = load_frozen(folder, kind)
open_s = perf_counter() - began_s
for query in queries:
    index.search(query[None], 10)
    index.search(query[None], 10, np.arange(index.size) % 3 > 0)
print(json.dumps([open_s, anonymous_kb() - before_kb]))
"""


@dataclass(frozen=True, slots=True)
class Hnsw:
    """FAISS's HNSW over 8-bit codes, as a peer: its selectors lose recall and nothing can be taken out of it."""

    index: faiss.Index

    def search(self, queries: NDArray[np.float32], k: int, rows: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Row numbers, int64 (q, k)."""
        selector = None if rows is None else faiss.IDSelectorBitmap(np.packbits(rows, bitorder="little"))
        found: NDArray[np.int64] = self.index.search(
            queries, k, params=faiss.SearchParametersHNSW(efSearch=SEARCH_WIDTH, sel=selector)
        )[1]
        return found


@dataclass(frozen=True, slots=True)
class Subject:
    """One index over one set of vectors, and what was measured of it."""

    name: str
    kind: str
    vectors: Vectors
    folder: Path
    build_s: float
    search: Callable[[NDArray[np.float32], int, NDArray[np.bool_] | None], NDArray[np.int64]]
    index: FrozenIndex | None
    took_ms: dict[str, list[float]] = field(default_factory=dict)
    #: of the processor: what others do on the machine adds little to it
    worked_ms: dict[str, list[float]] = field(default_factory=dict)
    recall: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, numbers: range) -> None:
        """Put these queries under every mask, each timed; the first of a turn once before, since caches hold others."""
        for name, mask in self.vectors.masks.items():
            self.search(self.vectors.queries[numbers[0]][None], K, mask)
            for number in numbers:
                began_s, worked_s = perf_counter(), thread_time()
                found = self.search(self.vectors.queries[number][None], K, mask)
                self.worked_ms.setdefault(name, []).append((thread_time() - worked_s) * 1000)
                self.took_ms.setdefault(name, []).append((perf_counter() - began_s) * 1000)
                self.recall.setdefault(name, []).append(self.vectors.recall(found[0], name, number))

    def per_s(self, threads: int) -> float:
        """Queries a second, all together, on so many threads."""
        faiss.omp_set_num_threads(threads)
        began_s = perf_counter()
        self.search(self.vectors.queries, K, None)
        took_s = perf_counter() - began_s
        faiss.omp_set_num_threads(1)
        return len(self.vectors.queries) / took_s

    def opened(self, queries: Path) -> tuple[float, float]:
        """Seconds to open it in a new process, and anonymous bytes that it holds there after some searches."""
        if self.index is None:
            return float("nan"), float("nan")
        done = run(python(_OPENED, self.folder.absolute(), self.kind, queries.absolute()), self.folder)
        open_s, anonymous_kb = json.loads(done.stdout)
        return open_s, anonymous_kb * 1024


def subjects_of(vectors: Vectors, name: str, folder: Path, structures: Sequence[str]) -> list[Subject]:
    """These structures over these vectors, built where they aren't kept."""
    return [
        _hnsw(vectors, name, folder / kind) if kind == HNSW else _kept(vectors, name, folder / kind, kind)
        for kind in structures
    ]


def _kept(vectors: Vectors, name: str, folder: Path, kind: str) -> Subject:
    build = {"matrix": Matrix.build, "ivf": InvertedFile.build}[kind]

    def write() -> None:
        build(vectors.base).save(folder)

    build_s = _once(folder, write)
    index = load_frozen(folder, kind)
    return Subject(name, kind, vectors, folder, build_s, lambda *asked: index.search(*asked).ids, index)


def _hnsw(vectors: Vectors, name: str, folder: Path) -> Subject:
    def write() -> None:
        index = faiss.index_factory(vectors.base.shape[1], f"HNSW{LINKS},SQ8", faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD_WIDTH
        index.train(vectors.base[:: max(1, len(vectors.base) // 100_000)])
        index.add(np.ascontiguousarray(vectors.base))
        faiss.write_index(index, str(folder / "index.faiss"))

    build_s = _once(folder, write)
    peer = Hnsw(faiss.read_index(str(folder / "index.faiss")))
    return Subject(name, HNSW, vectors, folder, build_s, peer.search, None)


def _once(folder: Path, write: Callable[[], None]) -> float:
    """Seconds that building and writing it took, now or in an earlier run."""
    took = folder / "took.txt"
    if not took.exists():
        print(f"building {folder.name} in {folder.parent.name}", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        faiss.omp_set_num_threads(2)
        began_s = perf_counter()
        write()
        took.write_text(str(perf_counter() - began_s), encoding="utf-8")
    return float(took.read_text(encoding="utf-8"))


def structure_row(subject: Subject, opened: tuple[float, float], per_s: Sequence[Spread]) -> list[str]:
    """The table's row of one index without a mask."""
    count = len(subject.vectors.base)
    size = sum(path.stat().st_size for path in subject.folder.iterdir() if path.name != "took.txt")
    open_s, anonymous = opened
    return [
        subject.name,
        subject.kind,
        "" if subject.index is None else f"{subject.index.recall:.3f}",
        f"{mean(subject.recall[ALL]):.3f}",
        Spread.of(subject.took_ms[ALL]).p50_p95(),
        Spread.of(subject.worked_ms[ALL]).p50_p95(),
        " / ".join(figure(one.median) for one in per_s),
        figure(subject.build_s),
        figure(size / count),
        "" if np.isnan(anonymous) else figure(max(0.0, anonymous) / count),
        "" if np.isnan(open_s) else figure(open_s * 1000),
    ]


def mask_row(subject: Subject) -> list[str]:
    """The table's row of one index under every mask."""
    cells = [
        f"{mean(subject.recall[name]):.3f}, {Spread.of(subject.worked_ms[name]).p50_p95()}"
        for name in subject.vectors.masks
    ]
    return [subject.name, subject.kind, *cells]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=(10_000, 100_000), help="vectors (10000 100000)")
    parser.add_argument("--dims", type=int, nargs="+", default=(64, 256, 1024), help="dimensions (64 256 1024)")
    parser.add_argument("--queries", type=int, default=200, help="per index and mask (default 200)")
    parser.add_argument("--rounds", type=int, default=3, help="of opening and of all queries together (default 3)")
    parser.add_argument("--vectors", type=Path, help="folder of vectors to use, of the one size and dim named")
    parser.add_argument("--structures", nargs="+", choices=STRUCTURES, default=STRUCTURES, help="(default: all)")
    asked = parser.parse_args()
    sizes, dims, queries, rounds = (
        ((2_000,), (16,), 5, 1) if asked.smoke else (asked.sizes, asked.dims, asked.queries, asked.rounds)
    )
    report = Report("index_structures", asked.out)
    subjects: list[Subject] = []
    queries_at: dict[str, Path] = {}
    for count in sizes:
        for dim in dims:
            name, folder = f"{count:,} × {dim}", asked.out / f"structures-{count}-{dim}"
            source = asked.vectors or folder / "vectors"
            vectors = Vectors.of(source, count, dim, queries)
            queries_at[name] = folder / "asked.npy"
            folder.mkdir(parents=True, exist_ok=True)
            np.save(queries_at[name], vectors.queries[:TURN])
            subjects += subjects_of(vectors, name, folder, asked.structures)
    faiss.omp_set_num_threads(1)
    for start in range(0, queries, TURN):
        for subject in subjects:
            subject.ask(range(start, min(start + TURN, queries)))
    per_s = {
        id(one): [Spread.of([one.per_s(threads) for _ in range(rounds)]) for threads in (1, 2)] for one in subjects
    }
    opened = {
        id(one): tuple(np.median([one.opened(queries_at[one.name]) for _ in range(rounds)], axis=0)) for one in subjects
    }
    report.publish(
        [
            f"{queries} queries per index, by turns; recall@{K} and ms p50 / p95 of single queries on one thread; "
            f"queries a second all together on one and two threads, medians of {rounds}.",
            table(
                [
                    "vectors × dim",
                    "structure",
                    "its own recall",
                    "recall",
                    "ms",
                    "processor, ms",
                    "queries/s, 1 / 2 threads",
                    "build, s",
                    "bytes/vector",
                    "anonymous",
                    "open, ms",
                ],
                [structure_row(one, opened[id(one)], per_s[id(one)]) for one in subjects],
            ),
            "Under masks, by chance and of rows that lie together: recall, processor ms p50 / p95:",
            table(
                ["vectors × dim", "structure", *(f"mask: {name}" for name in subjects[0].vectors.masks)],
                [mask_row(one) for one in subjects],
            ),
        ],
        {
            f"{one.name}, {one.kind}": {
                "parameters": {} if one.index is None else one.index.parameters,
                "masks": {
                    name: {
                        "ms": Spread.of(one.took_ms[name]),
                        "worked_ms": Spread.of(one.worked_ms[name]),
                        "recall": mean(one.recall[name]),
                    }
                    for name in one.vectors.masks
                },
                "per_s": per_s[id(one)],
                "build_s": one.build_s,
                "open_s": float(opened[id(one)][0]),
                "anonymous_bytes": float(opened[id(one)][1]),
            }
            for one in subjects
        },
    )


if __name__ == "__main__":
    main()
