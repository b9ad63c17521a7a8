"""The ingest of an archive: read ahead, encode and write in batches, all at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.ingest import Progress
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import JobCancelledError, StoppedError
from emovec_db.services.deletion import Eraser
from emovec_db.services.encoding import EncodedSound, SoundEncoder, stored_encoding
from emovec_db.services.ingest.cutting import cut
from emovec_db.services.ingest.read_ahead import read_ahead
from emovec_db.services.ingest.reading import Candidate, Reading, read
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import EncodedReading, write
from emovec_db.services.methods import Method
from emovec_db.services.patience import patiently
from emovec_db.sources.places import Places
from emovec_db.store.store import Store

#: a batch is written when it holds this many files, or as much sound as was encoded in `BATCH_TARGET_S` before:
#: slow encoders then show progress and lose little when killed, fast ones spend little on transactions
BATCH_FILES = 64
BATCH_TARGET_S = 2.0
#: bounds of a batch's sound; the first batch is the least
BATCH_MIN_SOUND_S = 20.0
BATCH_MAX_SOUND_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """One run into one collection, on behalf of one job."""

    store: Store
    decoders: DecoderPool
    places: Places
    collection: Collection
    method: Method
    sounds: SoundEncoder
    eraser: Eraser
    limits: SoundLimits
    #: threads that read and decode ahead of the encoder
    readers: int
    job_id: int
    tally: Tally
    progress: Progress
    #: once set, the run ends with what it has in hand
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, items: Iterable[Candidate | Reading]) -> None:
        """Take everything; a bad file is counted and kept as a failure, and never stops the rest.

        Reading, encoding and writing go on at the same time: threads read ahead, this thread encodes, another writes
        the batch before.

        Raises:
            JobCancelledError: after the batch in hand.
            StoppedError: `stop` was set; what was read by then is stored.
        """
        stopped = Stopped(self.stop)
        with (
            read_ahead(items, self.read, self.readers) as readings,
            ThreadPoolExecutor(1, thread_name_prefix="emovec-write") as writer,
        ):
            pace = Pace()
            writing: Future[object] | None = None
            for batch in in_batches(stopped.until(readings), pace):
                self.stop_if_cancelled()
                began_s = monotonic()
                encoded = self._encode(batch)
                pace.measured(_sound_s(batch), monotonic() - began_s)
                if writing is not None:
                    writing.result()
                writing = writer.submit(self._write, encoded)
            if writing is not None:
                writing.result()
        self.progress(self.tally.progress())
        if stopped.early:
            raise StoppedError(
                "stopped after what was in hand; all that was stored is kept, and the same again goes on from there"
            )

    def stop_if_cancelled(self) -> None:
        """Called between batches; raises JobCancelledError where somebody cancelled the job."""
        if patiently(self._is_cancelled):
            raise JobCancelledError(
                f"job {self.job_id} was cancelled: what was stored is kept, and the same ingest goes on from there"
            )

    def read(self, candidate: Candidate) -> Reading:
        """Decode, clean and cut what is new of a file; never raises for a bad one."""
        return self.prepare(self.decode(candidate))

    def decode(self, candidate: Candidate) -> Reading:
        """The file's sound as it is; never raises for a bad one."""
        return read(self.store, self.decoders, self.places, self.collection.collection_id, candidate, self.limits)

    def prepare(self, reading: Reading) -> Reading:
        """Clean and cut what was decoded."""
        return cut(reading, self.method)

    def settle(self, batch: Sequence[Reading]) -> dict[str, list[int]]:
        """Encode and store a batch in one transaction; recording ids by uri."""
        return self._write(self._encode(batch))

    def _write(self, items: Sequence[EncodedReading]) -> dict[str, list[int]]:
        provenance = Provenance(backend=self.method.encoder.backend, decode_chain=self.method.decode_chain)
        stored, displaced = patiently(
            lambda: write(self.store, self.collection, provenance, items, self.job_id, self.tally)
        )
        if displaced.recordings:
            patiently(lambda: self.eraser.sweep(self.collection, displaced.recordings, sorted(displaced.orphaned)))
        self.progress(self.tally.progress())
        return stored

    def _encode(self, batch: Sequence[Reading]) -> list[EncodedReading]:
        """A sound that is stored from another file is not encoded again."""
        sounds = [sound for reading in batch for sound in reading.sounds]
        stored = patiently(lambda: self._stored(sounds))
        cuts = [one for reading in batch for one in reading.cuts]
        unknown = [place for place, kept in enumerate(stored) if kept is None]
        fresh = iter(
            self.sounds.encode(self.method, [sounds[place] for place in unknown], [cuts[place] for place in unknown])
        )
        encoded = iter([next(fresh) if kept is None else kept for kept in stored])
        return [EncodedReading(reading, tuple(next(encoded) for _ in reading.sounds)) for reading in batch]

    def _stored(self, sounds: Sequence[Sound]) -> list[EncodedSound | None]:
        with self.store.read() as unit:
            return [stored_encoding(unit, self.collection, sound.pcm_sha256) for sound in sounds]

    def _is_cancelled(self) -> bool:
        with self.store.read() as unit:
            return unit.jobs.is_cancelled(self.job_id)


class Stopped:
    """Readings until somebody says that it is enough."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        #: whether there would have been more
        self.early = False

    def until(self, readings: Iterable[Reading]) -> Iterator[Reading]:
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


def in_batches(readings: Iterable[Reading], pace: Pace) -> Iterator[list[Reading]]:
    """Lists of at most `BATCH_FILES` readings, closed early when they hold as much sound as the pace allows."""
    batch: list[Reading] = []
    duration_s = 0.0
    for reading in readings:
        batch.append(reading)
        duration_s += _sound_s([reading])
        if len(batch) >= BATCH_FILES or duration_s >= pace.sound_s:
            yield batch
            batch, duration_s = [], 0.0
    if batch:
        yield batch


def _sound_s(readings: Iterable[Reading]) -> float:
    return sum(sound.duration_s for reading in readings for sound in reading.sounds)
