"""A job's lease, renewed while its work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from emovec_db.services.ingest.tally import Tally
from emovec_db.store.store import Store

#: a job whose owner is silent for this long is taken over
LEASE_S = 60.0

log = logging.getLogger(__name__)


@contextmanager
def heartbeat(store: Store, job_id: int, owner: str, tally: Tally, lease_s: float = LEASE_S) -> Iterator[None]:
    """Renew the lease from a thread, so that a long recording does not lose it."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(lease_s / 3):
            try:
                with store.write() as unit:
                    unit.jobs.heartbeat(job_id, owner, lease_s, datetime.now(UTC), dict(tally.counts))
            except Exception:
                # one missed beat is no harm: the lease outlives two
                log.exception("job %s: heartbeat failed", job_id)

    thread = threading.Thread(target=beat, name=f"emovec-heartbeat-{job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
