"""The worker's loop: one job after the other until it is told to stop."""

from __future__ import annotations

import logging
import threading

from emovec_db.database import Database
from emovec_db.errors import EmovecError
from emovec_db.processes import owner_name

log = logging.getLogger(__name__)

#: longest pause after errors that follow each other, for example while the database is away
MAX_PAUSE_S = 30.0


def run(database: Database, stop: threading.Event, poll_s: float = 0.5) -> None:
    """Do queued jobs until `stop` is set; a job in hand is finished first.

    An error never ends the loop: it is logged, and the pause before the next try doubles up to 30 s.
    """
    owner = owner_name()
    pause_s = poll_s
    while not stop.is_set():
        try:
            job = database.run_next_job(owner)
        except Exception as error:
            _say(error)
            pause_s = min(pause_s * 2, MAX_PAUSE_S)
            stop.wait(pause_s)
            continue
        pause_s = poll_s
        if job is None:
            stop.wait(poll_s)
        else:
            counts = ", ".join(f"{count} {outcome}" for outcome, count in job.counts.items() if count)
            log.info("job %d %s: %s", job.job_id, job.state.value, counts or "nothing to do")


def _say(error: Exception) -> None:
    if isinstance(error, EmovecError):
        log.error("a job could not be run: %s", error.message)
    else:
        log.error("a job could not be run", exc_info=error)
