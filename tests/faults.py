"""What goes wrong around an ingest: it is killed, a disk is full, an archive goes away, a database is started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import emovec_db
from emovec_db.database import Collection
from tests.e2e.command import Emovec, Outcome
from tests.sounds import babble, write


def make_archive(folder: Path, recordings: int, customers: int = 7) -> Path:
    """So many half seconds, each of its own, in a folder per customer."""
    for seed in range(recordings):
        customer = folder / f"c{seed % customers}"
        customer.mkdir(parents=True, exist_ok=True)
        write(customer / f"{seed:05d}.wav", babble(0.5, seed=seed))
    return folder


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[Callable[[int], None]]:
    """A file system of that size; gives what makes it larger."""
    folder.mkdir()
    _command("mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "emovec-test", folder)
    try:
        yield lambda larger_kb: _command("mount", "-o", f"remount,size={larger_kb}k", folder)
    finally:
        _command("umount", "-l", folder)


@contextmanager
def mounted(archive: Path, folder: Path) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """The archive, mounted at a folder; gives what takes it away, whoever reads in it, and what brings it back."""
    folder.mkdir()
    there = False

    def come() -> None:
        nonlocal there
        _command("mount", "--bind", archive, folder)
        there = True

    def go() -> None:
        nonlocal there
        _command("umount", "-l", folder)
        there = False

    come()
    try:
        yield go, come
    finally:
        if there:
            go()


def settled(process: subprocess.Popen[str]) -> Outcome:
    """The end of a started command."""
    stdout, stderr = process.communicate(timeout=240)
    return Outcome(process.returncode, stdout, stderr)


def at_work(emovec: Emovec, process: subprocess.Popen[str], more: int = 1, timeout_s: float = 90) -> int:
    """Wait until a started ingest has stored so many more recordings; how many there are then."""
    before, deadline = stored(emovec), time.monotonic() + timeout_s
    while (now := stored(emovec)) < before + more:
        if process.poll() is not None:
            raise AssertionError(f"the ingest ended: {process.communicate()}")
        if time.monotonic() > deadline:
            raise AssertionError(f"the ingest stored {now - before} of {more} in {timeout_s} s")
        time.sleep(0.005)
    return now


def kill_at_work(emovec: Emovec, chance: random.Random, *ingest: str | Path) -> int:
    """Start an ingest, see it store, let it go on for a random moment, kill it; how many recordings there are then."""
    process = emovec.start(*ingest)
    at_work(emovec, process)
    time.sleep(chance.uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        raise AssertionError("the ingest ended before it was killed")
    return stored(emovec)


def stored(emovec: Emovec) -> int:
    """Recordings that are committed now, read without emovec-db; 0 while there is no database."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError, ProgrammingError

    url = emovec.database_url or f"sqlite:///file:{emovec.data_dir / 'emovec.db'}?mode=ro&uri=true"
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM recordings")) or 0)
    except (OperationalError, ProgrammingError):
        return 0
    finally:
        engine.dispose()


def problems(emovec: Emovec, archive: Path, without: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with a database that should hold every recording of the archive exactly once; nothing is."""
    expected = Counter(path.as_uri() for path in archive.rglob("*.wav") if path.as_uri() not in without)
    with emovec_db.open(emovec.database_url, data_dir=emovec.data_dir) as database:
        checked = database.collection("default").check()
        uris = Counter(_uris(database.collection("default")))
    found = [*checked.problems]
    counts = {checked.recordings, checked.utterances, checked.indexed}
    if counts != {expected.total()}:
        found.append(f"expected {expected.total()} recordings, utterances and indexed: {checked}")
    if uris != expected:
        found.append(f"{len(expected - uris)} are missing, {len(uris - expected)} too many")
    return found


def _uris(stored: Collection) -> Iterator[str]:
    cursor: str | None = None
    while True:
        page = stored.recordings(cursor=cursor, limit=500)
        for recording in page.items:
            yield from recording.uris
        cursor = page.next_cursor
        if cursor is None:
            return


def _command(*words: Any) -> None:
    subprocess.run([str(word) for word in words], check=True, stdout=sys.stderr)
