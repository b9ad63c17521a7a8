"""Jobs as they change, for pages that stay open: server-sent events instead of questions over and over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from emovec_db.documents import Document, job_document
from emovec_db.domain.job import Job
from emovec_db.errors import EmovecError

#: how often the database is looked at, whoever listens
POLL_S = 1.0
#: a comment after so long without news: proxies keep the connection, and a listener that is gone is noticed
HEARTBEAT_S = 15.0
#: then the listener connects anew, and whoever waits for a place gets one
STREAM_S = 240.0
#: what browsers are told to wait before that
RETRY_MS = 2_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class JobNews:
    """The open jobs and those that ended lately, read once for all who listen."""

    read: Callable[[str | None], Sequence[Job]]
    #: by collection, None for all: when that was read, and what; nothing older than a poll
    _read_last: dict[str | None, tuple[float, Sequence[Job]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, collection: str | None) -> Sequence[Job]:
        """At most a poll old; NotFoundError where there is no such collection."""
        with self._lock:
            now = time.monotonic()
            fresh = {name: last for name, last in self._read_last.items() if now - last[0] < POLL_S}
            if collection not in fresh:
                fresh[collection] = (now, self.read(collection))
            self._read_last = fresh
            return fresh[collection][1]


def events(
    look: Callable[[], Sequence[Job]], dumps: Callable[[Document], str], ending: Callable[[], bool]
) -> Iterator[bytes]:
    """First all that `look` finds, then what has changed, whenever something has; for some minutes.

    Each event is a page of jobs. It ends early where `ending` says that the server does, or where looking fails: the
    listener then connects anew and is told why.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    told: dict[int, Document] | None = None
    began_s = spoke_s = time.monotonic()
    while time.monotonic() - began_s < STREAM_S and not ending():
        try:
            found = look()
        except EmovecError as error:
            log.warning("listening to jobs ends: %s", error.message)
            return
        now = {job.job_id: job_document(job) for job in found}
        changed = [document for job_id, document in now.items() if told is None or told.get(job_id) != document]
        if changed or told is None:
            spoke_s = time.monotonic()
            yield f"event: jobs\ndata: {dumps({'items': changed, 'next_cursor': None})}\n\n".encode()
        elif time.monotonic() - spoke_s >= HEARTBEAT_S:
            spoke_s = time.monotonic()
            yield b": nothing new\n\n"
        told = now
        time.sleep(POLL_S)
