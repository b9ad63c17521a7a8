"""Readings ahead of the encoder: as many as keep it busy, as few as memory allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final, Generic, Protocol, TypeVar

from emovec_db.domain.sound import Sound

#: sound that may wait for the encoder, s: 77 MB. Files whose decoding has begun come on top, one per reader.
AHEAD_SOUND_S = 1_200.0
#: readings that may wait, for archives of very short recordings and of files that fail at once
AHEAD_FILES = 256

_END: Final = None


class HasSounds(Protocol):
    """What was read: its decoded sounds, if any, are what takes memory."""

    @property
    def sounds(self) -> tuple[Sound, ...]: ...


Item = TypeVar("Item")
ReadT = TypeVar("ReadT", bound=HasSounds)


@contextmanager
def read_ahead(items: Iterable[Item], read: Callable[[Item], ReadT], readers: int) -> Iterator[Iterator[ReadT]]:
    """Readings in the order of `items`, which threads take and read while the caller works on earlier ones.

    An error of `items` itself is raised where its reading would have come. Leaving the context stops the threads; what
    they have in hand is finished and dropped.
    """
    ahead = _Ahead(items, read, readers)
    try:
        yield ahead.readings()
    finally:
        ahead.close()


class _Ahead(Generic[Item, ReadT]):
    """A thread takes items and hands them to the readers while there is room."""

    def __init__(self, items: Iterable[Item], read: Callable[[Item], ReadT], readers: int):
        self._items = items
        self._read = read
        self._readers = readers
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="emovec-read")
        self._queue: SimpleQueue[Future[ReadT] | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._being_read = 0
        self._waiting_files = 0
        self._waiting_sound_s = 0.0
        self._closed = False
        self._feeder = threading.Thread(target=self._feed, name="emovec-survey", daemon=True)
        self._feeder.start()

    def readings(self) -> Iterator[ReadT]:
        """One after the other, each as soon as it is there."""
        while (future := self._queue.get()) is not _END:
            reading = future.result()
            with self._changed:
                self._waiting_files -= 1
                self._waiting_sound_s -= sound_s(reading)
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
                self._queue.put(self._pool.submit(self._run, item))
        except BaseException as error:
            failed: Future[ReadT] = Future()
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

    def _run(self, item: Item) -> ReadT:
        reading = self._read(item)  # an error of it ends the whole ingest, so nobody counts on
        self._arrived(reading)
        return reading

    def _arrived(self, reading: ReadT) -> None:
        with self._changed:
            self._being_read -= 1
            self._waiting_files += 1
            self._waiting_sound_s += sound_s(reading)
            self._changed.notify_all()


def sound_s(reading: HasSounds) -> float:
    """Seconds of sound that were read."""
    return sum(sound.duration_s for sound in reading.sounds)
