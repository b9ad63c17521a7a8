"""Who may use the encoder, or do what takes as long, now, who waits, and who is told to come again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emovec_db.errors import BusyError

#: what is said in Retry-After: about the time that one classification takes
RETRY_AFTER_S = 2
#: the same for those who would listen for minutes
LISTEN_AGAIN_S = 30


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


class Listeners:
    """How many may listen to events at once; each holds one of the server's threads, for minutes.

    A place is taken before the answer begins and left when it is closed, whatever became of it in between.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._places = threading.BoundedSemaphore(places)
        #: whether the server is ending, so that whoever listens should go
        self.ending: Callable[[], bool] = lambda: False

    def enter(self) -> None:
        """Take a place.

        Raises:
            BusyError: all places are taken; 503 with Retry-After.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError(
                f"{self.places} pages listen already: ask for the list instead, and try again in {LISTEN_AGAIN_S} s",
                retry_after_s=LISTEN_AGAIN_S,
            )

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()
