"""Ingests that are killed, cut short and disturbed: each recording must be stored once, none lost, and people told.

python -m benchmarks.faults
"""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import emovec_db
from benchmarks.report import Report, arguments, table
from tests.e2e.command import Emovec, Outcome
from tests.faults import at_work, make_archive, may_mount, mounted, problems, settled, small_disk, stored
from tests.servers import CRASH_OPTIONS, PostgresServer, postgres_programs, postgres_server

#: a kill comes within this time of the start: before the first transaction, between any two, or at the end
KILL_WITHIN_S = 4.0
#: of a disk: room for the tables, and for some of the recordings
DISK_KB = (2_600, 6_000)


@dataclass(frozen=True, slots=True)
class Struck:
    """What became of one ingest that something happened to."""

    #: recordings that were stored then
    stored: int
    #: of the process; negative: the signal that ended it
    code: int
    said: str
    #: what is wrong after the same command ran again
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An archive, and where databases are made."""

    archive: Path
    folder: Path
    chance: random.Random
    #: None: there is none here
    server: PostgresServer | None

    def sqlite(self) -> Emovec:
        """The command with a database of its own."""
        return Emovec(Path(tempfile.mkdtemp(dir=self.folder)) / "data")

    def postgresql(self) -> Emovec:
        """The same on the server."""
        assert self.server is not None
        return Emovec(self.sqlite().data_dir, self.server.url(self.server.create_database()))


def killed(place: Place, database: Callable[[], Emovec], kills: int) -> Iterator[Struck]:
    """SIGKILL at random moments of one ingest, which is begun again each time; once all is stored, of another one."""
    emovec, found = database(), list[str]()
    for _ in range(kills):
        while (process := _killed(emovec, place)).code == 0:
            found += problems(emovec, place.archive)
            emovec = database()
        found += _between(emovec)
        yield Struck(stored(emovec), process.code, _said(process.stderr), tuple(found))
        found = []
    yield Struck(stored(emovec), 0, "", tuple(_again(emovec, place.archive)))


def _killed(emovec: Emovec, place: Place) -> Outcome:
    """The end of an ingest, by then or by itself."""
    process = emovec.start("ingest", place.archive)
    with suppress(TimeoutExpired):
        process.wait(place.chance.uniform(0, KILL_WITHIN_S))
    process.kill()
    return settled(process)


def full_disk(place: Place) -> Struck:
    """A disk that is too small, and is made larger."""
    folder = Path(tempfile.mkdtemp(dir=place.folder)) / "disk"
    with small_disk(folder, place.chance.randint(*DISK_KB)) as enlarge:
        emovec = Emovec(folder / "data")
        outcome = emovec.run("ingest", place.archive)
        before = stored(emovec)
        enlarge(200_000)
        return Struck(before, outcome.code, _said(outcome.stderr), tuple(_again(emovec, place.archive)))


def lost_archive(place: Place) -> Struck:
    """The archive's file system goes away and comes back."""
    emovec, folder = place.sqlite(), Path(tempfile.mkdtemp(dir=place.folder)) / "mounted"
    with mounted(place.archive, folder) as (go, come):
        process = emovec.start("ingest", folder)
        _some_time(place, emovec, process)
        go()
        outcome = settled(process)
        before = stored(emovec)
        come()
        return Struck(before, outcome.code, _line(outcome.stdout, "can't be read"), tuple(_again(emovec, folder)))


def database_crash(place: Place) -> Struck:
    """PostgreSQL crashes, and is started again after up to three seconds."""
    assert place.server is not None
    emovec = place.postgresql()
    process = emovec.start("ingest", place.archive)
    before = _some_time(place, emovec, process)
    place.server.stop("immediate")
    time.sleep(place.chance.uniform(0, 3))
    place.server.start()
    outcome = settled(process)
    return Struck(before, outcome.code, _line(outcome.stderr, "is away"), tuple(problems(emovec, place.archive)))


def two_at_once(place: Place, emovec: Emovec) -> Struck:
    """Two processes ingest the same folder."""
    both = [emovec.start("ingest", place.archive) for _ in range(2)]
    ended = [settled(process) for process in both]
    code = max(outcome.code for outcome in ended)
    return Struck(0, code, _said(ended[0].stderr + ended[1].stderr), tuple(problems(emovec, place.archive)))


def beside_deletions(place: Place) -> Struck:
    """Recordings are deleted while two processes ingest; the same command again must not bring them back."""
    emovec = place.sqlite()
    first = emovec.start("ingest", place.archive)
    before = at_work(emovec, first)
    both = [first, emovec.start("ingest", place.archive)]
    deleted: set[str] = set()
    with emovec_db.open(emovec.data_dir) as database:
        calls = database.collection("default")
        while any(process.poll() is None for process in both):
            for recording in calls.recordings(limit=40).items[::20]:
                calls.delete(recording.recording_id)
                deleted |= {*recording.uris}
    code = max(settled(process).code for process in both)
    emovec.run("ingest", place.archive)
    found = problems(emovec, place.archive, without=frozenset(deleted))
    return Struck(before, code, f"{len(deleted)} deleted", tuple(found))


def ctrl_c(place: Place) -> Struck:
    """Ctrl-C at a random moment of the work."""
    emovec = place.sqlite()
    process = emovec.start("ingest", place.archive)
    _some_time(place, emovec, process)
    process.send_signal(signal.SIGINT)
    outcome = settled(process)
    before = stored(emovec)
    said = _line(outcome.stderr, "stopped after")
    return Struck(before, outcome.code, said, tuple(_again(emovec, place.archive)))


def _some_time(place: Place, emovec: Emovec, process: Popen[str]) -> int:
    before = at_work(emovec, process)
    time.sleep(place.chance.uniform(0, 0.5))
    return before


def _between(emovec: Emovec) -> list[str]:
    """What is wrong right after a kill."""
    if not stored(emovec):
        return []
    with emovec_db.open(emovec.database_url, data_dir=emovec.data_dir) as database:
        return list(database.collection("default").check().problems)


def _again(emovec: Emovec, archive: Path) -> list[str]:
    """What is wrong after the same command ran again."""
    with emovec_db.open(emovec.database_url, data_dir=emovec.data_dir) as database:
        failed = database.collection("default").ingest(archive).failed
    return [f"{failed} failed"] * bool(failed) + problems(emovec, archive)


def _said(stderr: str) -> str:
    if "Traceback" in stderr:
        raise SystemExit(stderr)
    return stderr.strip().splitlines()[0] if stderr.strip() else ""


def _line(text: str, words: str) -> str:
    _said(text)
    return next((line.strip() for line in text.splitlines() if words in line), "")


@contextmanager
def _server() -> Iterator[PostgresServer | None]:
    programs = postgres_programs()
    if programs is None:
        yield None
    else:
        with postgres_server(programs, CRASH_OPTIONS) as server:
            yield server


def strikes(place: Place, times: int, kills: int) -> Iterator[tuple[str, list[Struck]]]:
    """What can be done here, and what became of it."""
    yield "SIGKILL, SQLite", [*killed(place, place.sqlite, kills)]
    once: list[tuple[str, Callable[[], Struck]]] = [
        ("two ingests at once, SQLite", lambda: two_at_once(place, place.sqlite())),
        ("deletions beside two ingests", lambda: beside_deletions(place)),
        ("Ctrl-C", lambda: ctrl_c(place)),
    ]
    if may_mount():
        once += [
            ("full disk", lambda: full_disk(place)),
            ("the archive's disk goes away", lambda: lost_archive(place)),
        ]
    if place.server is not None:
        yield "SIGKILL, PostgreSQL", [*killed(place, place.postgresql, kills)]
        once += [
            ("PostgreSQL crashes and comes back", lambda: database_crash(place)),
            ("two ingests at once, PostgreSQL", lambda: two_at_once(place, place.postgresql())),
        ]
    for name, strike in once:
        yield name, [strike() for _ in range(times)]


def _row(name: str, struck: Sequence[Struck]) -> list[object]:
    counts = [one.stored for one in struck]
    codes = Counter(one.code for one in struck)
    wrong = [problem for one in struck for problem in one.problems]
    ended = ", ".join(f"{code} × {number}" for code, number in sorted(codes.items()))
    return [
        name,
        len(struck),
        f"{min(counts):,}–{max(counts):,}" if any(counts) else "–",
        ended,
        "; ".join(wrong) or "nothing",
    ]


def main() -> None:
    """Do all of it and report."""
    parser = arguments(__doc__)
    parser.add_argument("--recordings", type=int, default=800, help="in the archive (default 800)")
    parser.add_argument("--times", type=int, default=3, help="how often each is done (default 3)")
    parser.add_argument("--kills", type=int, default=30, help="per database (default 30)")
    asked = parser.parse_args()
    recordings, times, kills = (100, 1, 1) if asked.smoke else (asked.recordings, asked.times, asked.kills)
    report = Report("faults", asked.out)
    with tempfile.TemporaryDirectory() as folder, _server() as server:
        archive = make_archive(Path(folder) / "archive", recordings)
        place = Place(archive, Path(folder), random.Random(4), server)
        outcomes = {}
        for name, struck in strikes(place, times, kills):
            outcomes[name] = struck
    wrong = [problem for struck in outcomes.values() for one in struck for problem in one.problems]
    report.publish(
        [
            f"An archive of {recordings:,} recordings of half a second:",
            table(
                ["what happens", "times", "stored by then", "exit codes", "wrong after the same command again"],
                [_row(name, struck) for name, struck in outcomes.items()],
            ),
        ],
        {"outcomes": outcomes},
    )
    if wrong:
        raise SystemExit(f"{len(wrong)} problems: {wrong[0]}")


if __name__ == "__main__":
    main()
