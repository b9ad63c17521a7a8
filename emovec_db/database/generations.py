"""The generations of a collection as Python users hold them."""

from __future__ import annotations

import threading

from emovec_db.bootstrap import Parts, say_nothing
from emovec_db.domain.collection import Collection, Generation, GenerationSummary
from emovec_db.domain.ingest import Progress
from emovec_db.domain.reencoding import Aim, LabelChanges, ReencodeReport


class Generations:
    """What a collection was encoded by, is, and will be. One generation serves; nobody sees the others."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self._name = name

    def list(self) -> tuple[GenerationSummary, ...]:
        """All of them, the oldest first."""
        with self._parts.store.read() as unit:
            return unit.generations.summaries(unit.collections.get(self._name).collection_id)

    def sample(
        self,
        encoder: str | None = None,
        *,
        precision: str | None = None,
        segmentation: str | None = None,
        recordings: int = 200,
        seed: int = 0,
    ) -> LabelChanges:
        """How `reencode` would change the labels, by some recordings that the seed draws; nothing is stored.

        Raises:
            NotFoundError: there is no such encoder, or there are no recordings.
        """
        aim = Aim(encoder=encoder, precision=precision, segmentation=segmentation)
        return self._parts.reencodings.sample(self._stored(), aim, recordings=recordings, seed=seed)

    def reencode(
        self,
        encoder: str | None = None,
        *,
        precision: str | None = None,
        segmentation: str | None = None,
        delete_lost: int = 0,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> ReencodeReport:
        """Encode every recording by another encoder (a name or directory), or cut otherwise, and then serve from that.

        Until then all goes on as before, ingests too. What an earlier, interrupted run encoded is passed over.
        Recordings whose sound is gone or unreadable can't be encoded: the collection does not switch, unless they are
        at most `delete_lost`, and then they are deleted.

        Raises:
            NotFoundError: there is no such encoder or collection.
            ConflictError: it is being re-encoded already, or another re-encoding of it is unfinished.
            JobCancelledError: somebody cancelled the job.
            StoppedError: `stop` was set before all was done; the same again goes on from there.
        """
        aim = Aim(encoder=encoder, precision=precision, segmentation=segmentation)
        return self._parts.reencodings.run(
            self._stored(),
            aim,
            may_delete=delete_lost,
            progress=progress or say_nothing,
            stop=stop or threading.Event(),
        )

    def switch(self, generation_id: int) -> Generation:
        """Serve from another generation that has all recordings, such as the previous one.

        Raises:
            NotFoundError: there is none of this id.
            ConflictError: it lacks recordings.
        """
        return self._parts.generations.switch(self._stored(), generation_id)

    def drop(self, generation_id: int) -> int:
        """Delete a generation that does not serve; of how many recordings it held something.

        Raises:
            NotFoundError: there is none of this id.
            ConflictError: the collection serves from it.
        """
        return self._parts.generations.drop(self._stored(), generation_id)

    def _stored(self) -> Collection:
        with self._parts.store.read() as unit:
            return unit.collections.get(self._name)
