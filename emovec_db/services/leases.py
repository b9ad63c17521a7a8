"""Leases on jobs and items: renewed while the work goes on, ended early for processes that are known to be gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from emovec_db.errors import EmovecError
from emovec_db.processes import has_ended
from emovec_db.store.store import Store

#: work whose owner is silent for this long is taken over; five beats may be late or fail
LEASE_S = 30.0
BEAT_S = 5.0

log = logging.getLogger(__name__)


@contextmanager
def beating(what: str, beat: Callable[[], bool]) -> Iterator[None]:
    """Call `beat` from a thread, so that a long recording does not lose its lease; False: the lease is lost."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(BEAT_S):
            try:
                held = beat()
            except EmovecError as error:
                # some missed beats are no harm: the lease outlives them
                log.warning("%s: a heartbeat is missed: %s", what, error.message)
                continue
            except Exception:
                log.exception("%s: heartbeat failed", what)
                continue
            if not held:
                log.warning("%s: cancelled, or taken over by another worker", what)
                return

    thread = threading.Thread(target=run, name=f"emovec-heartbeat {what}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def end_leases(store: Store) -> None:
    """End jobs whose finder is gone, and leases of this machine's processes that are gone: nobody needs to wait."""
    now = datetime.now(UTC)
    with store.read() as unit:
        held = unit.jobs.held()
        workers = unit.items.owners()
    finders = {job.lease_owner for job in held if job.lease_owner is not None}
    gone = [owner for owner in {*finders, *workers} if has_ended(owner)]
    silent = any(job.lease_until is not None and job.lease_until <= now for job in held)
    if gone or silent:
        with store.write() as unit:
            unit.items.take_from(gone)
            unit.jobs.abandon(now, gone)
