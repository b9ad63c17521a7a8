"""Similarity search: latency, recall, filters, first answer of a new process, size on disk.

python -m benchmarks.search

The databases are written below --out on the first run (minutes) and kept for the next.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from benchmarks.latency import FILTERS, INDEX, SCAN, SERVICE, Measured, Subject
from benchmarks.mixture import UTTERANCES_PER_RECORDING
from benchmarks.processes import python, run
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.stored import CUSTOMERS, Stored, fill

SIZES, DIMS = (10_000, 100_000), (256, 1024)
#: queries put to one collection before the next has its turn
TURN = 20

_FIRST_SEARCH = "from benchmarks.first_search import main\nmain()"


@dataclass(frozen=True, slots=True)
class Starts:
    """Seconds to the first answer and peak memory of new processes, with a snapshot and without."""

    #: of those with a snapshot
    open_s: list[float] = field(default_factory=list)
    with_s: list[float] = field(default_factory=list)
    without_s: list[float] = field(default_factory=list)
    with_mb: list[float] = field(default_factory=list)
    without_mb: list[float] = field(default_factory=list)

    def measure(self, stored: Stored) -> None:
        """One start without a snapshot, which leaves one behind for the other."""
        shutil.rmtree(stored.parts.settings.index_dir, ignore_errors=True)
        for seconds, peaks in ((self.without_s, self.without_mb), (self.with_s, self.with_mb)):
            done = run(python(_FIRST_SEARCH, stored.folder.absolute()), stored.folder)
            answer = json.loads(done.stdout)
            seconds.append(answer["answer_s"])
            peaks.append(done.peak_mb)
        self.open_s.append(answer["open_s"])


def first_answers(all_stored: dict[str, Stored], rounds: int) -> dict[str, Starts]:
    """New processes on every collection, by turns."""
    starts = {name: Starts() for name in all_stored}
    for _ in range(rounds):
        for name, stored in all_stored.items():
            starts[name].measure(stored)
    return starts


def put_queries(subjects: Sequence[Subject], queries: int) -> None:
    """Every query to every collection, by turns."""
    for start in range(0, queries, TURN):
        for subject in subjects:
            subject.warm_up()
            subject.ask(range(start, min(start + TURN, queries)))


def latency_rows(name: str, subject: Subject) -> Iterator[list[str]]:
    """The table's rows of one collection, one per filter."""
    scan_ms = Spread.of(subject.measured[SCAN, FILTERS[0]].took_ms)
    for chosen in FILTERS:
        service, index = subject.measured[SERVICE, chosen], subject.measured[INDEX, chosen]
        index_ms = Spread.of(index.took_ms)
        yield [
            name,
            subject.index.kind,
            chosen,
            Spread.of(service.took_ms).p50_p95(),
            f"{mean(service.recall):.3f}",
            index_ms.p50_p95(),
            f"{mean(index.recall):.3f}",
            f"{scan_ms.p50_p95()} ({scan_ms.median / index_ms.median:.1f} ×)" if chosen == FILTERS[0] else "",
        ]


def store_row(name: str, stored: Stored, count: int, starts: Starts) -> list[str]:
    """The table's row of what a collection costs."""
    return [
        name,
        figure(stored.database_bytes / count),
        figure(stored.snapshot_bytes / count),
        str(Spread.of(starts.open_s)),
        str(Spread.of(starts.with_s)),
        str(Spread.of(starts.without_s)),
        figure(Spread.of(starts.with_mb).median),
        figure(Spread.of(starts.without_mb).median),
        "" if stored.written_per_s is None else figure(stored.written_per_s),
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="utterances (default 10000 100000)")
    parser.add_argument("--dims", type=int, nargs="+", default=DIMS, help="dimensions (default 256 1024)")
    parser.add_argument("--queries", type=int, default=200, help="queries per collection and filter (default 200)")
    parser.add_argument("--rounds", type=int, default=3, help="starts with and without a snapshot (default 3)")
    asked = parser.parse_args()
    sizes, dims, queries, rounds = (
        ((1_000,), (16,), 5, 1) if asked.smoke else (asked.sizes, asked.dims, asked.queries, asked.rounds)
    )
    report = Report("search", asked.out)
    cases = {f"{count:,} × {dim}": (count, dim) for count in sizes for dim in dims}
    all_stored = {name: _filled(asked.out, *case) for name, case in cases.items()}
    starts = first_answers(all_stored, rounds)
    subjects = {name: Subject(all_stored[name], dim, queries) for name, (_, dim) in cases.items()}
    put_queries(list(subjects.values()), queries)
    report.publish(
        [
            f"{queries} queries per collection and filter, by turns; ms p50 / p95; recall@10 against exact search. "
            f"{UTTERANCES_PER_RECORDING} utterances per recording, {CUSTOMERS} customers.",
            table(
                ["utterances × dim", "index", "filter", "whole service", "recall", "index alone", "recall", SCAN],
                [row for name, subject in subjects.items() for row in latency_rows(name, subject)],
            ),
            f"{rounds} new processes with and without a snapshot, by turns; seconds from the program's first line, "
            "imports included, files cached; medians (p10–p90):",
            table(
                [
                    "utterances × dim",
                    "database, bytes/utterance",
                    "snapshot, bytes/utterance",
                    "open, s",
                    "first answer, s",
                    "without snapshot, s",
                    "peak, MB",
                    "without, MB",
                    "written/s",
                ],
                [store_row(name, stored, cases[name][0], starts[name]) for name, stored in all_stored.items()],
            ),
        ],
        {name: _figures(subjects[name], all_stored[name], starts[name]) for name in cases},
    )


def _filled(out: Path, count: int, dim: int) -> Stored:
    print(f"{count:,} utterances × {dim}: writing what is missing", file=sys.stderr, flush=True)
    return fill(out / f"search-{count}-{dim}", count, dim)


def _figures(subject: Subject, stored: Stored, starts: Starts) -> dict[str, object]:
    def summed(measured: Measured) -> dict[str, object]:
        return {"ms": Spread.of(measured.took_ms), "recall": mean(measured.recall)}

    return {
        "index": subject.index.kind,
        "searches": {f"{way}, {chosen}": summed(one) for (way, chosen), one in subject.measured.items() if one.took_ms},
        "starts": starts,
        "database_bytes": stored.database_bytes,
        "snapshot_bytes": stored.snapshot_bytes,
        "written_per_s": stored.written_per_s,
    }


if __name__ == "__main__":
    main()
