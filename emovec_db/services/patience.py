"""Waiting for a database that is away for a moment: it was started again, or others hold it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from emovec_db.errors import BusyError

#: a server that is started again takes seconds; whoever is away for longer needs somebody to look
PATIENCE_S: Final = 60.0
#: between two tries, doubled up to `PAUSE_MAX_S`
PAUSE_S: Final = 0.5
PAUSE_MAX_S: Final = 8.0

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def patiently(work: Callable[[], Result]) -> Result:
    """Do `work`, and do it again while it raises BusyError, for a minute; then that is raised.

    `work` is a whole transaction, and one whose commit may have succeeded unseen finds again what it wrote.
    """
    pause_s, deadline = PAUSE_S, time.monotonic() + PATIENCE_S
    while True:
        try:
            return work()
        except BusyError as error:
            if time.monotonic() + pause_s > deadline:
                raise
            log.warning("%s; the next try is in %.1f s", error.message, pause_s)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, PAUSE_MAX_S)
