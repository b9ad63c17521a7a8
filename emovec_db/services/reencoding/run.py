"""Building a generation beside the one that serves, and switching to it once it has every recording."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.ingest import Progress
from emovec_db.domain.recording import Recording
from emovec_db.errors import JobCancelledError, StoppedError
from emovec_db.services.deletion import Eraser
from emovec_db.services.encoding import EncodedSound
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.ingest.pipeline import STOPPED, Pipeline
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.patience import patiently
from emovec_db.services.reencoding.rereading import Reread, Rereader
from emovec_db.services.spaces import Spaces
from emovec_db.spaces.registry import SPACES
from emovec_db.store.store import Store, Unit

#: recordings looked up in one query
PAGE = 256

_Batch = list[tuple[Reread, EncodedSound | None]]


class Outcome(Enum):
    """What came of trying to switch."""

    SWITCHED = auto()
    #: the generation lacks recordings that were not met yet
    BEHIND = auto()
    #: recordings would be lost that may not be
    HELD_BACK = auto()


@dataclass(slots=True, kw_only=True)
class Reencoding:
    """One run towards a generation, on behalf of one job; whatever was written before is passed over."""

    store: Store
    rereader: Rereader
    indexes: Indexes
    spaces: Spaces
    eraser: Eraser
    #: the collection as it will serve from the generation
    target: Collection
    job_id: int
    tally: Tally
    progress: Progress
    #: how many recordings may be deleted because their sound is gone
    may_delete: int
    #: once set, the run ends with what it has in hand
    stop: threading.Event
    #: ids of those that can't be encoded any more
    lost: set[int] = field(default_factory=set)
    #: of these, how many were uploaded, when it was last tried to switch
    uploads_lost: int = 0
    #: by id, those that are deleted with the switch
    given_up: dict[int, Recording] = field(default_factory=dict)

    def run(self) -> int | None:
        """Encode what the generation lacks until it lacks nothing, then switch.

        Returns:
            How many lost recordings were deleted; None: they are more than may be, or uploads are among them, whose
            only copy is kept here, so nothing was switched.

        Raises:
            JobCancelledError: after the batch in hand.
            StoppedError: `stop` was set before everything was encoded.
        """
        pipeline = Pipeline(
            read=self.rereader.read,
            readers=self.rereader.readers,
            encode=self._encode,
            write=lambda batch: patiently(lambda: self._write(batch)),
            stop=self.stop,
        )
        prepared = False
        while True:
            patiently(self._count)
            if not pipeline.run(self.rereader.located(self._pages())):
                raise StoppedError(STOPPED)
            if not prepared:
                self._prepare_indexes()
                prepared = True
            outcome = patiently(self._try_to_switch)
            if outcome is Outcome.BEHIND:
                continue
            if outcome is Outcome.HELD_BACK:
                return None
            if self.given_up:
                self.eraser.sweep(self.target, list(self.given_up.values()), ())
            return len(self.given_up)

    def _try_to_switch(self) -> Outcome:
        """One transaction; tried again after a commit whose answer was lost, it comes to the same."""
        with self.store.write() as unit:
            unit.collections.lock(self.target.collection_id)
            self._stop_if_cancelled(unit)
            missing = unit.generations.missing(self.target)
            if not self.lost.issuperset(missing):
                return Outcome.BEHIND  # something was ingested meanwhile
            doomed = unit.recordings.some(self.target.collection_id, missing)
            self.uploads_lost = sum(recording.blob_key is not None for recording in doomed)
            if len(missing) > self.may_delete or self.uploads_lost:
                return Outcome.HELD_BACK
            self.given_up |= {recording.recording_id: recording for recording in doomed}
            unit.recordings.displace(self.target, missing)
            unit.generations.activate(self.target)
        return Outcome.SWITCHED

    def _count(self) -> None:
        """What there is to do, by now: ingests may go on."""
        with self.store.read() as unit:
            left = unit.generations.count_missing(self.target)
        self.tally.total = self.tally.counts["encoded"] + max(left, len(self.lost))

    def _page(self, after: int) -> tuple[int, ...]:
        with self.store.read() as unit:
            return unit.generations.missing(self.target, after=after, limit=PAGE)

    def _pages(self) -> Iterator[Sequence[int]]:
        after = 0
        while True:
            ids = patiently(partial(self._page, after))
            if not ids:
                return
            after = ids[-1]
            yield [one for one in ids if one not in self.lost]

    def _encode(self, batch: list[Reread]) -> _Batch:
        patiently(self._stop_between_batches)
        return list(zip(batch, patiently(lambda: self.rereader.encode(batch, self.target)), strict=True))

    def _write(self, batch: _Batch) -> None:
        """One transaction; what was deleted, or written by another process, meanwhile is left out."""
        written: list[Recording] = []
        with self.store.write() as unit:
            unit.collections.lock(self.target.collection_id)
            unit.generations.get(self.target, self.target.generation.generation_id)  # it may have been dropped
            wanted = unit.generations.missing_among(self.target, [one.recording.recording_id for one, _ in batch])
            for reread, encoded in batch:
                if encoded is not None and reread.recording.recording_id in wanted:
                    self._add(unit, reread.recording.recording_id, encoded)
                    written.append(reread.recording)
        self.tally.count("encoded", len(written))
        self.tally.duration_s += sum(recording.quality.duration_s for recording in written)
        for reread, _ in batch:
            if reread.lost is not None:
                self.lost.add(reread.recording.recording_id)
                self.tally.fail(reread.lost)
        self.progress(self.tally.progress())

    def _add(self, unit: Unit, recording_id: int, encoded: EncodedSound) -> None:
        provenance = Provenance(backend=encoded.backend, decode_chain=self.rereader.method.decode_chain)
        unit.utterances.add(self.target, recording_id, encoded.utterances, provenance)
        unit.summaries.add(self.target, recording_id, encoded.summary, encoded.left_out)
        unit.tracks.add(self.target, recording_id, encoded.track)

    def _prepare_indexes(self) -> None:
        with self.store.read() as unit:
            serving = unit.collections.get(self.target.name)
        self.indexes.prepare(self.target, serving, tuple(SPACES.values()))
        self.spaces.fit_if_grown(self.target)

    def _stop_between_batches(self) -> None:
        with self.store.read() as unit:
            self._stop_if_cancelled(unit)

    def _stop_if_cancelled(self, unit: Unit) -> None:
        if unit.jobs.is_cancelled(self.job_id):
            raise JobCancelledError(
                f"job {self.job_id} was cancelled: the collection serves as before, what was encoded is kept, and the "
                "same re-encoding goes on from there"
            )
