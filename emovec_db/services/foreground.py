"""Work that this process does while somebody waits for it, as a job that everybody sees."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from emovec_db.domain.job import JobState
from emovec_db.errors import EmovecError
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.leases import LEASE_S, beating
from emovec_db.services.patience import patiently
from emovec_db.store.store import Store

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ending:
    """How the job will end; whoever does the work may say that it failed all the same."""

    error: str | None = None


@contextmanager
def held(store: Store, job_id: int, owner: str, tally: Tally, *, interrupted: str) -> Iterator[Ending]:
    """Keep the lease of a job that was started, tell how far it is, and end it as done or with what went wrong.

    `interrupted` says how to go on after anything that was no error, such as Ctrl-C.
    """

    def beat() -> bool:
        with store.write() as unit:
            return unit.jobs.heartbeat(job_id, owner, LEASE_S, datetime.now(UTC), tally.settled())

    ending = Ending(interrupted)
    try:
        with beating(f"job {job_id}", beat):
            done = Ending()
            yield done
        ending = done
    except EmovecError as failure:
        ending.error = failure.message
        raise
    finally:
        _finish(store, job_id, owner, tally, ending.error)


def _finish(store: Store, job_id: int, owner: str, tally: Tally, error: str | None) -> None:
    """The job's last word; where it can't be written, its lease runs out, and what ended the work is told."""
    state = JobState.DONE if error is None else JobState.FAILED

    def finish() -> None:
        with store.write() as unit:
            unit.jobs.finish(job_id, owner, state, tally.settled(), error)

    try:
        finish() if error else patiently(finish)
    except EmovecError as failure:
        if not error:
            raise
        log.warning("job %d: its end could not be noted: %s", job_id, failure.message)
