"""The ingest of an archive: read ahead, encode and write in batches, all at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.ingest import Progress
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import GenerationReplacedError, JobCancelledError, StoppedError
from emovec_db.services.deletion import Eraser
from emovec_db.services.encoding import EncodedSound, SoundEncoder, stored_encoding
from emovec_db.services.ingest.cutting import cut
from emovec_db.services.ingest.pipeline import STOPPED, Pipeline
from emovec_db.services.ingest.reading import Candidate, Reading, read
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import Displaced, EncodedReading, write
from emovec_db.services.methods import Method
from emovec_db.services.patience import patiently
from emovec_db.sources.places import Places
from emovec_db.store.store import Store


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
    #: the same run into the generation that the collection serves from by now
    renew: Callable[[], Ingest]
    #: once set, the run ends with what it has in hand
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, items: Iterable[Candidate | Reading]) -> None:
        """Take everything; a bad file is counted and kept as a failure, and never stops the rest.

        If the collection is encoded anew meanwhile, it goes on with what that is made of.

        Raises:
            JobCancelledError: after the batch in hand.
            StoppedError: `stop` was set; what was read by then is stored.
        """
        serving = self

        def encode(batch: list[Reading]) -> tuple[Ingest, list[EncodedReading]]:
            nonlocal serving
            self.stop_if_cancelled()
            serving = serving.renewed_if_replaced()
            return serving, serving._encode(batch)

        def write_encoded(encoded: tuple[Ingest, list[EncodedReading]]) -> None:
            ingest, items = encoded
            ingest._write(items)

        def read_now(item: Candidate | Reading) -> Reading:
            return serving.read(item)

        pipeline = Pipeline(read=read_now, readers=self.readers, encode=encode, write=write_encoded, stop=self.stop)
        done = pipeline.run(items)
        self.progress(self.tally.progress())
        if not done:
            raise StoppedError(STOPPED)

    def stop_if_cancelled(self) -> None:
        """Called between batches; raises JobCancelledError where somebody cancelled the job."""
        if patiently(self._is_cancelled):
            raise JobCancelledError(
                f"job {self.job_id} was cancelled: what was stored is kept, and the same ingest goes on from there"
            )

    def renewed_if_replaced(self) -> Ingest:
        """This, or if the collection serves from another generation by now the same run into that."""
        return self if patiently(self._is_serving) else self.renew()

    def read(self, candidate: Candidate | Reading) -> Reading:
        """Decode, clean and cut what is new of a file; never raises for a bad one, and leaves alone what is read."""
        return candidate if isinstance(candidate, Reading) else self.prepare(self.decode(candidate))

    def decode(self, candidate: Candidate) -> Reading:
        """The file's sound as it is; never raises for a bad one."""
        return read(self.store, self.decoders, self.places, self.collection.collection_id, candidate, self.limits)

    def prepare(self, reading: Reading) -> Reading:
        """Clean and cut what was decoded."""
        return cut(reading, self.method)

    def settle(self, batch: Sequence[Reading]) -> dict[str, list[int]]:
        """Encode and store a batch in one transaction; recording ids by uri."""
        serving = self.renewed_if_replaced()
        return serving._write(serving._encode(batch))

    def _write(self, items: Sequence[EncodedReading]) -> dict[str, list[int]]:
        provenance = Provenance(backend=self.method.encoder.backend, decode_chain=self.method.decode_chain)
        displaced = Displaced()  # of all tries: one may have been committed unseen
        try:
            stored = patiently(
                lambda: write(self.store, self.collection, provenance, items, self.job_id, self.tally, displaced)
            )
        except GenerationReplacedError:
            # between the encoding and this transaction
            return self.renew().settle([item.reading for item in items])
        if displaced.recordings:
            patiently(lambda: self.eraser.sweep(self.collection, displaced.recordings, sorted(displaced.orphaned)))
        self.progress(self.tally.progress())
        return stored

    def _encode(self, batch: Sequence[Reading]) -> list[EncodedReading]:
        """A sound that is stored from another file is not encoded again."""
        wanted = self.method.segmentation.name
        readings = [one if one.cut_by == wanted else self._cut_anew(one) for one in batch]
        sounds = [sound for reading in readings for sound in reading.sounds]
        cuts = [one for reading in readings for one in reading.cuts]
        known = patiently(lambda: self._stored(sounds))
        encoded = iter(self.sounds.encode_unknown(self.method, sounds, cuts, known))
        return [EncodedReading(reading, tuple(next(encoded) for _ in reading.sounds)) for reading in readings]

    def _cut_anew(self, reading: Reading) -> Reading:
        """What another method cut; where that failed, this one may hear speech, so the sound is decoded once more."""
        if reading.failures and reading.sha256:
            return replace(self.read(reading.candidate), kept_alone=reading.kept_alone)
        return self.prepare(reading)

    def _stored(self, sounds: Sequence[Sound]) -> list[EncodedSound | None]:
        with self.store.read() as unit:
            return [stored_encoding(unit, self.collection, sound.pcm_sha256) for sound in sounds]

    def _is_cancelled(self) -> bool:
        with self.store.read() as unit:
            return unit.jobs.is_cancelled(self.job_id)

    def _is_serving(self) -> bool:
        with self.store.read() as unit:
            return unit.collections.is_serving(self.collection)
