"""Celery workers that are killed at random moments, a broker that forgets, a database that crashes: nothing gets lost.

python -m benchmarks.faults_cluster
"""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import Popen

from benchmarks.report import Report, arguments, table
from tests.brokers import RedisServer, redis_program, redis_server
from tests.e2e.command import Emovec
from tests.faults import make_archive, problems, settled, stored
from tests.servers import CRASH_OPTIONS, PostgresServer, postgres_programs, postgres_server
from tests.workers import Workers, workers

WORKERS = 2
#: of a run; the broker and the database each fail once in between
KILLS = 10
#: a kill comes within this time of seeing recordings stored, or of the start of a worker
AT_WORK_S, STARTING_S = 0.8, 3.0


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one archive."""

    kills: int
    #: recordings that were stored when the first and the last worker were killed
    first: int
    last: int
    broker: str
    #: of the command that watched
    code: int
    #: recordings that were in hand when three workers died; they were tried again afterwards
    set_aside: int
    seconds: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runs are made."""

    archive: Path
    folder: Path
    chance: random.Random
    postgres: PostgresServer
    broker: RedisServer

    def emovec(self) -> Emovec:
        """The command with a database of its own."""
        data_dir = Path(tempfile.mkdtemp(dir=self.folder)) / "data"
        url = self.postgres.url(self.postgres.create_database())
        return Emovec(data_dir, url, self.broker.url)


def run(place: Place, kills: int) -> Run:
    """Share the archive out, and strike until it is done."""
    emovec, began_s = place.emovec(), time.monotonic()
    broker = place.chance.choice(["restarted", "flushed"])
    strikes = dict(zip(place.chance.sample(range(1, kills), 2), (broker, "database"), strict=True))
    at: list[int] = []
    with workers(emovec, WORKERS) as running:
        ingest = emovec.start("ingest", place.archive, "--engine", "celery", "--json")
        for number in range(kills):
            if not _wait(place, emovec, ingest):
                break
            if number in strikes:
                _strike(place, strikes[number])
            running.revive()
            before = stored(emovec)
            code = running.replace(place.chance.choice(running.processes))
            if code == -signal.SIGKILL:
                at.append(before)
            elif code != 1:  # that of one that finds broker or database away at its start
                raise SystemExit(f"a worker ended by itself with {code}:\n{running.said()[-3000:]}")
        running.ready()
        outcome = settled(ingest)
        aside = _again(emovec, place.archive, outcome.document, running)
        _end(running)
    took_s = time.monotonic() - began_s
    wrong = tuple(problems(emovec, place.archive))
    return Run(len(at), min(at, default=0), max(at, default=0), broker, outcome.code, aside, took_s, wrong)


def _wait(place: Place, emovec: Emovec, ingest: Popen[str]) -> bool:
    """For a random moment, mostly while recordings are being stored, else while a worker starts; False: all is done."""
    if place.chance.random() < 0.25:
        time.sleep(place.chance.uniform(0, STARTING_S))
        return ingest.poll() is None
    before = stored(emovec)
    while stored(emovec) == before:
        if ingest.poll() is not None:
            return False
        time.sleep(0.01)
    time.sleep(place.chance.uniform(0, AT_WORK_S))
    return ingest.poll() is None


def _strike(place: Place, what: str) -> None:
    if what == "flushed":
        place.broker.client.flushall()
    elif what == "restarted":
        place.broker.stop()
        time.sleep(place.chance.uniform(0, 3))
        place.broker.start()
    else:
        place.postgres.stop("immediate")
        time.sleep(place.chance.uniform(0, 3))
        place.postgres.start()


def _again(emovec: Emovec, archive: Path, document: dict[str, int], running: Workers) -> int:
    """What was set aside is tried again; how many were."""
    if document.get("failed", 0):
        emovec.json("ingest", archive, "--retry-failed")
    if "failed" not in document:
        raise SystemExit(f"{document}\n{running.said()[-3000:]}")
    return document["failed"]


def _end(running: Workers) -> None:
    codes = running.end()
    if codes != [0] * WORKERS:
        raise SystemExit(f"workers ended with {codes}:\n{running.said()[-3000:]}")
    said = running.said()
    if "Traceback" in said:
        raise SystemExit(said[max(0, said.index("Traceback") - 1000) :][:8000])


def _row(number: int, one: Run) -> Sequence[object]:
    wrong = "; ".join(one.problems) or "nothing"
    stored_then = f"{one.first:,}–{one.last:,}"
    return [number, one.kills, stored_then, one.broker, one.code, one.set_aside, f"{one.seconds:.0f}", wrong]


def main() -> None:
    """Do all of it and report."""
    parser = arguments(__doc__)
    parser.add_argument("--recordings", type=int, default=1500, help="in the archive (default 1500)")
    parser.add_argument("--kills", type=int, default=50, help="of workers, over all runs (default 50)")
    parser.add_argument("--seed", type=int, default=4, help="of the random moments (default 4)")
    asked = parser.parse_args()
    recordings, kills, per_run = (200, 2, 3) if asked.smoke else (asked.recordings, asked.kills, KILLS)
    report = Report("faults_cluster", asked.out)
    programs, program = postgres_programs(), redis_program()
    if programs is None or program is None:
        raise SystemExit("PostgreSQL and Redis are needed: apt install postgresql redis-server")
    runs: list[Run] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server(programs, CRASH_OPTIONS) as postgres,
        redis_server(program) as broker,
    ):
        archive = make_archive(Path(folder) / "archive", recordings)
        place = Place(archive, Path(folder), random.Random(asked.seed), postgres, broker)
        while sum(one.kills for one in runs) < kills:
            runs.append(run(place, per_run))
    report.publish(
        [
            f"An archive of {recordings:,} recordings of half a second over {WORKERS} workers; in each run PostgreSQL "
            f"crashed once, and Redis lost everything once; {sum(one.kills for one in runs)} kills in all:",
            table(
                [
                    "run",
                    "kills",
                    "stored at the kills",
                    "Redis",
                    "exit code",
                    "set aside",
                    "seconds",
                    "wrong afterwards",
                ],
                [_row(number, one) for number, one in enumerate(runs, start=1)],
            ),
        ],
        {"recordings": recordings, "runs": [asdict(one) for one in runs]},
    )
    wrong = [problem for one in runs for problem in one.problems]
    if wrong:
        raise SystemExit(f"{len(wrong)} problems: {wrong[0]}")


if __name__ == "__main__":
    main()
