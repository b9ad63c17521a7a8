"""An archive over one Celery worker and over two, beside `emovec ingest` alone, all on PostgreSQL: recordings/s.

python -m benchmarks.cluster
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.clips import gather
from benchmarks.report import Report, Spread, arguments, figure, table
from tests.brokers import RedisServer, redis_program, redis_server
from tests.e2e.command import Emovec
from tests.servers import PostgresServer, postgres_programs, postgres_server
from tests.workers import workers

ALONE = "`emovec ingest`, no worker"


def measure(clips: Path, emovec: Emovec, number: int) -> float:
    """Seconds from the beginning of the ingest to its end, by its own report; workers wait for it, warm."""
    engine = ("--engine", "celery") if number else ()
    with workers(emovec, number) as running:
        running.ready()
        document = emovec.json("ingest", clips, *engine)
        running.end()
    count = sum(1 for _ in clips.iterdir())
    if document["ingested"] != count:
        raise SystemExit(f"expected {count} ingested, got {document}")
    return float(document["seconds"])


def _fresh(folder: Path, postgres: PostgresServer, broker: RedisServer) -> Emovec:
    data_dir = Path(tempfile.mkdtemp(dir=folder)) / "data"
    return Emovec(data_dir, postgres.url(postgres.create_database()), broker.url)


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=400, help="how many clips (default 400)")
    parser.add_argument("--rounds", type=int, default=5, help="how many runs of each, in turns (default 5)")
    asked = parser.parse_args()
    count, rounds = (40, 1) if asked.smoke else (asked.clips, asked.rounds)
    report = Report("cluster", asked.out)
    clips, what = gather(asked.out, count)
    programs, program = postgres_programs(), redis_program()
    if programs is None or program is None:
        raise SystemExit("PostgreSQL and Redis are needed: apt install postgresql redis-server")
    ways = {ALONE: 0, "one worker": 1, "two workers": 2}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server(programs) as postgres,
        redis_server(program) as broker,
    ):
        for _ in range(rounds):
            for name, number in ways.items():
                seconds[name].append(measure(clips, _fresh(Path(folder), postgres, broker), number))
    rates = {name: Spread.of([count / took_s for took_s in of]) for name, of in seconds.items()}
    to_one = [one / two for one, two in zip(seconds["one worker"], seconds["two workers"], strict=True)]
    report.publish(
        [
            f"{count} {what}; {rounds} rounds, each on a fresh database, workers warm; PostgreSQL, without waiting for "
            f"the disk; medians (p10–p90). Two workers against one, round by round: {Spread.of(to_one)} times as fast.",
            table(
                ["over", "recordings/s", "seconds"],
                [[name, rates[name], figure(Spread.of(of).median)] for name, of in seconds.items()],
            ),
        ],
        {"clips": count, "sounds": what, "seconds": seconds, "recordings_per_s": rates, "two_to_one": to_one},
    )


if __name__ == "__main__":
    main()
