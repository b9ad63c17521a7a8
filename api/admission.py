"""Who may use the encoder, or do what takes as long, now, who waits, and who is told to come again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emovec_db.errors import BusyError

#: what is said in Retry-After: about the time that one classification takes
RETRY_AFTER_S = 2


class Admission:
    """At most `places` requests of one kind wait or work, one at a time works.

    Without a limit a burst of uploads would hold as many decoded recordings in memory as there are threads; running
    several encodings at once gains nothing, since one already takes all of the encoder's CPU threads.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._places = threading.BoundedSemaphore(places)
        self._turn = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have one's turn.

        Raises:
            BusyError: all places are taken; 503 with Retry-After.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError(
                f"{self.places} such requests already wait for their turn: try again in {RETRY_AFTER_S} s",
                retry_after_s=RETRY_AFTER_S,
            )
        try:
            with self._turn:
                yield
        finally:
            self._places.release()


class Waiters:
    """How many requests may stand and wait for a job; each holds one of the server's threads."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """True: this request may wait. False: too many do already, it should answer at once."""
        if not self._places.acquire(blocking=False):
            yield False
            return
        try:
            yield True
        finally:
            self._places.release()
