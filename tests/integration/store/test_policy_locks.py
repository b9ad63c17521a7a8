"""Forbidding a role while others store recordings of it."""

from __future__ import annotations

import threading
from pathlib import Path

import emovec_db
from emovec_db.errors import RefusedError
from emovec_db.store.store import Store
from tests.stored import IDENTITY, PROVENANCE, RECIPE, recording

WRITERS = 2
#: stored before the role is forbidden
BEFORE = 5


def test_nothing_slips_in_while_a_role_is_forbidden(empty_url: str, tmp_path: Path) -> None:
    """A writer that has asked the policy holds the lock until it has stored; after that it is refused."""
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
    stored, under_way, refused = [0] * WRITERS, threading.Event(), [False] * WRITERS

    def write(writer: int) -> None:
        for number in range(100_000):
            new = recording(f"{writer}-{number}", channel="left", role="agent")
            try:
                with store.write() as unit:
                    unit.recordings.add(calls, new, PROVENANCE)
            except RefusedError:
                refused[writer] = True
                return
            stored[writer] += 1
            if min(stored) >= BEFORE:
                under_way.set()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    under_way.wait()
    with emovec_db.open(tmp_path / "data", database_url=empty_url) as database:
        gone = database.collection("calls").forbid_role("agent", delete_existing=True)
    for writer in writers:
        writer.join()
    assert refused == [True] * WRITERS
    assert gone.recordings == sum(stored)
    with store.read() as unit:
        assert unit.utterances.count(calls) == 0
        assert list(unit.integrity.problems(calls)) == []
    store.close()
