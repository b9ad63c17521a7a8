"""A server's drafts live no longer than it does, nor longer than an hour."""

from __future__ import annotations

import logging
import threading
import time

from emovec_db.database import Database

log = logging.getLogger(__name__)
_PAUSE_S = 60.0


def start_sweeping(database: Database) -> threading.Thread:
    """Take away what an earlier server left, and from now on, each minute, what had its hour though nobody looks."""
    database.empty_drafts()
    thread = threading.Thread(target=_sweep, args=(database,), name="sweep-drafts", daemon=True)
    thread.start()
    return thread


def _sweep(database: Database) -> None:
    while True:
        time.sleep(_PAUSE_S)
        try:
            database.sweep_drafts()
        except OSError:
            log.exception("drafts can't be swept")
