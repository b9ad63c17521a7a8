"""Maps and K-Means of a large collection: seconds, memory, and how large the answer is.

python -m benchmarks.maps

The database is written below --out on the first run (minutes) and kept for the next.
"""

from __future__ import annotations

import gzip
import json
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter

import orjson

from benchmarks.processes import ProcessRun, python, run
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.stored import COLLECTION, fill, parts_of

#: by method the most points that are asked for
MAPS = {"pca": 100_000, "tsne": 5_000}
K = 8
#: of gzip, as servers use it
LEVEL = 6
_ONE = "from benchmarks.maps import measured\nmeasured()"


def measured() -> None:
    """In a process of its own: ask once, and a map once more, and print seconds, points and bytes."""
    from emovec_db.database import Database
    from emovec_db.documents import map_document

    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("what", choices=[*MAPS, "cluster"])
    asked = parser.parse_args()
    collection = Database(parts_of(asked.folder)).collection(COLLECTION)
    collection.encoder()  # opening the database is not measured
    began_s = perf_counter()
    if asked.what == "cluster":
        collection.cluster(K)
        print(json.dumps({"first_s": perf_counter() - began_s}))
        return
    collection.map(asked.what, space="embedding", limit=MAPS[asked.what])
    first_s = perf_counter() - began_s
    began_s = perf_counter()
    made = collection.map(asked.what, space="embedding", limit=MAPS[asked.what])
    again_s = perf_counter() - began_s
    document = orjson.dumps(map_document(made))
    json_s = perf_counter() - began_s - again_s
    print(
        json.dumps(
            {
                "first_s": first_s,
                "again_s": again_s,
                "json_s": json_s,
                "points": len(made.points.ids),
                "bytes": len(document),
                "gzip_bytes": len(gzip.compress(document, LEVEL)),
            }
        )
    )


def row(name: str, runs: list[ProcessRun]) -> list[str]:
    """The table's row of one question."""
    answers = [json.loads(one.stdout) for one in runs]
    last = answers[-1]
    is_map = "points" in last
    return [
        name,
        f"{last['points']:,}" if is_map else "",
        str(Spread.of([one["first_s"] for one in answers])),
        str(Spread.of([one["again_s"] * 1000 for one in answers])) if is_map else "",
        str(Spread.of([one["json_s"] * 1000 for one in answers])) if is_map else "",
        figure(last["bytes"] / 1e6) if is_map else "",
        figure(last["gzip_bytes"] / 1e6) if is_map else "",
        str(Spread.of([one.cpu_s for one in runs])),
        figure(max(one.peak_mb for one in runs)),
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--utterances", type=int, default=100_000, help="made up (default 100000)")
    parser.add_argument("--dim", type=int, default=1024, help="of their embeddings (default 1024)")
    parser.add_argument("--rounds", type=int, default=3, help="new processes for each (default 3)")
    asked = parser.parse_args()
    count, dim, rounds = (400, 16, 1) if asked.smoke else (asked.utterances, asked.dim, asked.rounds)
    report = Report("maps", asked.out)
    # the same as those of benchmarks.search
    folder = fill(asked.out / f"search-{count}-{dim}", count, dim).folder.absolute()
    names = {"pca": "map by pca", "tsne": "map by tsne", "cluster": f"K-Means, k {K}, with silhouette"}
    runs: dict[str, list[ProcessRun]] = {what: [] for what in names}
    for _ in range(rounds):
        for what, done in runs.items():
            done.append(run(python(_ONE, folder, what), folder))
    report.publish(
        [
            f"{count:,} utterances × {dim}, {rounds} rounds in turns, each in a new process with the database open; "
            "medians (p10–p90); CPU seconds and peak memory (the greatest) of the whole process, its start too; "
            f"gzip at level {LEVEL}.",
            table(
                [
                    "asked for",
                    "points",
                    "first, s",
                    "again, ms",
                    "as JSON, ms",
                    "JSON, MB",
                    "gzipped, MB",
                    "CPU s",
                    "peak MB",
                ],
                [row(names[what], done) for what, done in runs.items()],
            ),
        ],
        {"utterances": count, "dim": dim} | {what: [json.loads(one.stdout) for one in runs[what]] for what in runs},
    )


if __name__ == "__main__":
    main()
