"""Servers that do not answer for long: their other recordings need not wait for them as the first ones did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from emovec_db.errors import UnreachableError

#: a server that is started again, or a network that fails over, is back within this, seconds
OUTAGE_S: Final = 60.0
#: between two tries after that
PROBE_S: Final = 5.0


@dataclass(slots=True)
class _Outage:
    since_s: float
    tried_s: float


class Outages:
    """Which servers have failed at every try, and since when; for all threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._outages: dict[str, _Outage] = {}

    def check(self, server: str, name: str) -> None:
        """Before a try.

        Raises:
            UnreachableError: the server has not answered for OUTAGE_S, and was just tried.
        """
        now_s = self._clock()
        with self._lock:
            outage = self._outages.get(server)
            if outage is None or now_s - outage.since_s < OUTAGE_S:
                return
            if now_s - outage.tried_s >= PROBE_S:
                outage.tried_s = now_s
                return
        raise UnreachableError(
            f"{name} can't be fetched: its server has not answered for {now_s - outage.since_s:.0f} s; try again later"
        )

    def failed(self, server: str) -> None:
        """A try, and all that were made again after it, came to nothing."""
        now_s = self._clock()
        with self._lock:
            self._outages.setdefault(server, _Outage(now_s, now_s)).tried_s = now_s

    def answered(self, server: str) -> None:
        """Whatever it said."""
        with self._lock:
            self._outages.pop(server, None)
