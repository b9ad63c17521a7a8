"""Reading, encoding and writing at the same time, in batches of as much as the encoder does in a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

from emovec_db.services.ingest.read_ahead import Item, ReadT, read_ahead, sound_s

#: a batch is written when it holds this many files, or as much sound as was encoded in `BATCH_TARGET_S` before:
#: slow encoders then show progress and lose little when killed, fast ones spend little on transactions
BATCH_FILES = 64
BATCH_TARGET_S = 2.0
#: bounds of a batch's sound; the first batch is the least
BATCH_MIN_SOUND_S = 20.0
BATCH_MAX_SOUND_S = 600.0

#: what whoever stopped it is told
STOPPED = "stopped after what was in hand; all that was stored is kept, and the same again goes on from there"

Encoded = TypeVar("Encoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline(Generic[Item, ReadT, Encoded]):
    """Threads read ahead, the caller's encodes, another writes the batch before; the first error of any ends it."""

    read: Callable[[Item], ReadT]
    #: threads that read
    readers: int
    encode: Callable[[list[ReadT]], Encoded]
    write: Callable[[Encoded], object]
    #: once set, the run ends with what it has in hand
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, items: Iterable[Item]) -> bool:
        """Take everything, and write what was taken; False: there would have been more when it was stopped."""
        stopped = Stopped(self.stop)
        with (
            read_ahead(items, self.read, self.readers) as readings,
            ThreadPoolExecutor(1, thread_name_prefix="emovec-write") as writer,
        ):
            pace = Pace()
            writing: Future[object] | None = None
            for batch in in_batches(stopped.until(readings), pace):
                began_s = monotonic()
                encoded = self.encode(batch)
                pace.measured(sum(map(sound_s, batch)), monotonic() - began_s)
                if writing is not None:
                    writing.result()
                writing = writer.submit(self.write, encoded)
            if writing is not None:
                writing.result()
        return not stopped.early


class Stopped:
    """Readings until somebody says that it is enough."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        #: whether there would have been more
        self.early = False

    def until(self, readings: Iterable[ReadT]) -> Iterator[ReadT]:
        """What is in hand when it is said is still given."""
        for reading in readings:
            yield reading
            if self._stop.is_set():
                self.early = True
                return


class Pace:
    """How much sound the next batch may hold, by what the last one took."""

    def __init__(self) -> None:
        self.sound_s = BATCH_MIN_SOUND_S

    def measured(self, sound_s: float, took_s: float) -> None:
        """`sound_s` of sound took `took_s` to encode and write."""
        if sound_s > 0:
            fitting_s = sound_s / max(took_s, 1e-3) * BATCH_TARGET_S
            self.sound_s = min(max(fitting_s, BATCH_MIN_SOUND_S), BATCH_MAX_SOUND_S)


def in_batches(readings: Iterable[ReadT], pace: Pace) -> Iterator[list[ReadT]]:
    """Lists of at most `BATCH_FILES` readings, closed early when they hold as much sound as the pace allows."""
    batch: list[ReadT] = []
    duration_s = 0.0
    for reading in readings:
        batch.append(reading)
        duration_s += sound_s(reading)
        if len(batch) >= BATCH_FILES or duration_s >= pace.sound_s:
            yield batch
            batch, duration_s = [], 0.0
    if batch:
        yield batch
