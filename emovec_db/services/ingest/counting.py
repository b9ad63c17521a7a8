"""Counting what there is to do while it is being done, so that a million files start at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emovec_db.services.ingest.tally import Tally

log = logging.getLogger(__name__)


@contextmanager
def counting(recordings: Iterator[int], tally: Tally) -> Iterator[None]:
    """Add up `recordings` in a thread; the tally's total is None until they are all counted, or until `Survey` ends.

    Leaving the context stops it. A count that fails is no harm.
    """
    stopped = threading.Event()

    def run() -> None:
        total = 0
        try:
            for number in recordings:
                if stopped.is_set():
                    return
                total += number
        except Exception:
            log.exception("what there is to do can't be counted")
            return
        if tally.total is None:
            tally.total = total

    thread = threading.Thread(target=run, name="emovec-count", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
