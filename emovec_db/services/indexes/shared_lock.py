"""A lock that many may share, or one hold alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """Whoever wants it alone goes first: new sharers wait, so that a stream of them can't keep it waiting for ever.

    Not to be taken twice by one thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharers = 0
        self._alone = False
        self._wanting_alone = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it together with other sharers."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._wanting_alone)
            self._sharers += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharers -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold it while nobody else does."""
        with self._changed:
            self._wanting_alone += 1
            try:
                self._changed.wait_for(lambda: not self._alone and not self._sharers)
            finally:
                self._wanting_alone -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
