"""Readings ahead of the encoder: as many as keep it busy, as few as memory allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final

from emovec_db.services.ingest.reading import Candidate, Reading

#: sound that may wait for the encoder, s: 77 MB. Files whose decoding has begun come on top, one per reader.
AHEAD_SOUND_S = 1_200.0
#: readings that may wait, for archives of very short recordings and of files that fail at once
AHEAD_FILES = 256

_END: Final = None


@contextmanager
def read_ahead(
    items: Iterable[Candidate | Reading], read: Callable[[Candidate], Reading], readers: int
) -> Iterator[Iterator[Reading]]:
    """Readings in the order of `items`, which threads take and read while the caller works on earlier ones.

    An error of `items` itself is raised where its reading would have come. Leaving the context stops the threads; what
    they have in hand is finished and dropped.
    """
    ahead = _Ahead(items, read, readers)
    try:
        yield ahead.readings()
    finally:
        ahead.close()


class _Ahead:
    """A thread takes items and hands them to the readers while there is room."""

    def __init__(self, items: Iterable[Candidate | Reading], read: Callable[[Candidate], Reading], readers: int):
        self._items = items
        self._read = read
        self._readers = readers
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="emovec-read")
        self._queue: SimpleQueue[Future[Reading] | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._being_read = 0
        self._waiting_files = 0
        self._waiting_sound_s = 0.0
        self._closed = False
        self._feeder = threading.Thread(target=self._feed, name="emovec-survey", daemon=True)
        self._feeder.start()

    def readings(self) -> Iterator[Reading]:
        """One after the other, each as soon as it is there."""
        while (future := self._queue.get()) is not _END:
            reading = future.result()
            with self._changed:
                self._waiting_files -= 1
                self._waiting_sound_s -= _sound_s(reading)
                self._changed.notify_all()
            yield reading

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._feeder.join()
        self._pool.shutdown(cancel_futures=True)

    def _feed(self) -> None:
        try:
            for item in self._items:
                if not self._wait_for_room():
                    return
                if isinstance(item, Reading):
                    self._arrived(item)
                    self._queue.put(_settled(item))
                else:
                    self._queue.put(self._pool.submit(self._run, item))
        except BaseException as error:
            failed: Future[Reading] = Future()
            failed.set_exception(error)
            self._queue.put(failed)
        finally:
            self._queue.put(_END)

    def _wait_for_room(self) -> bool:
        """False: nobody wants any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room())
            self._being_read += 1
            return not self._closed

    def _has_room(self) -> bool:
        # how long a file's sound is shows when it is read: so no more are begun than there are readers
        return (
            self._being_read < self._readers
            and self._waiting_files < AHEAD_FILES
            and self._waiting_sound_s < AHEAD_SOUND_S
        )

    def _run(self, candidate: Candidate) -> Reading:
        reading = self._read(candidate)  # an error of it ends the whole ingest, so nobody counts on
        self._arrived(reading)
        return reading

    def _arrived(self, reading: Reading) -> None:
        with self._changed:
            self._being_read -= 1
            self._waiting_files += 1
            self._waiting_sound_s += _sound_s(reading)
            self._changed.notify_all()


def _settled(reading: Reading) -> Future[Reading]:
    future: Future[Reading] = Future()
    future.set_result(reading)
    return future


def _sound_s(reading: Reading) -> float:
    return sum(sound.duration_s for sound in reading.sounds)
