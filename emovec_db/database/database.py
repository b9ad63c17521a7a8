"""A database: collections, jobs, models, and the encoder that new collections are bound to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from emovec_db.audio.decode import from_samples
from emovec_db.bootstrap import Parts, build
from emovec_db.database.collection import Collection
from emovec_db.domain.classification import Classification
from emovec_db.domain.collection import CollectionSummary, Wishes
from emovec_db.domain.job import UPLOAD_JOB, ErrorKind, ItemMessage, Job, JobItem
from emovec_db.domain.query import Page
from emovec_db.domain.sound import MIX, SAMPLE_RATE_HZ, Sound, SoundLimits
from emovec_db.encoder.pull import pull_model
from emovec_db.encoder.registry import ModelDetails, ModelEntry, list_models, show_model
from emovec_db.errors import DiskFullError
from emovec_db.services.classify import classify, compare
from emovec_db.services.gate import NO_POLICY, admitted_sound
from emovec_db.services.job_control import cancel, retry
from emovec_db.services.job_work import JobWork
from emovec_db.services.leases import end_leases
from emovec_db.services.methods import method_for_new
from emovec_db.services.outbox import Outbox
from emovec_db.settings import Settings
from emovec_db.spaces.registry import space_named

DEFAULT_COLLECTION = "default"
#: how long a job that ended is still current, and how many of the current ones are told
CURRENT_S = 60.0
CURRENT_JOBS = 200


def open_database(settings: Settings) -> Database:
    """A database by its settings.

    Raises:
        SettingsError, SchemaOutdatedError
    """
    return Database(build(settings))


class Database:
    """Collections of recordings, and the encoder that new ones are bound to."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._work = JobWork(parts.store, parts.uploads, parts.ingest_for)

    @property
    def settings(self) -> Settings:
        return self._parts.settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections and end the decoder processes."""
        self._parts.decoders.close()
        self._parts.store.close()

    def collection(self, name: str = DEFAULT_COLLECTION) -> Collection:
        """A handle; the collection itself is made by its first recording."""
        return Collection(self._parts, name)

    def collection_names(self) -> tuple[str, ...]:
        """Of every collection; counts nothing, unlike `collections`."""
        with self._parts.store.read() as unit:
            return unit.collections.names()

    def collections(self) -> tuple[CollectionSummary, ...]:
        """Every collection and how much is in it."""
        with self._parts.store.read() as unit:
            return unit.collections.summaries()

    def classify(
        self,
        recording: str | Path | Sound,
        *,
        frames: bool = False,
        frame_embeddings: bool = False,
        channel: str = MIX,
        diarize: str | None = None,
        voices: int | None = None,
        limits: SoundLimits | None = None,
    ) -> Classification:
        """Emotion of a recording, or one channel of it, by the configured encoder; nothing is stored.

        With `diarize` (``campplus`` or ``pyannote``) each voice is heard for itself; `voices` is how many there are,
        where that is known.

        Raises:
            RecordingError: the recording can't be used; says why.
            QueryError: the encoder has no embeddings of frames.
            MissingPartError: the diarizer's weights, or what runs them, are not there.
        """
        wishes = Wishes(diarize=diarize, voices=voices)
        chosen = limits or self._parts.archive_limits
        sound = admitted_sound(self._parts.decoders, NO_POLICY, recording, chosen, channel=channel)
        method = method_for_new(self._parts.encoders, self._parts.diarizers, wishes)
        return classify(method, self._parts.sounds, sound, frames=frames, frame_embeddings=frame_embeddings)

    def compare(self, first: str | Path | Sound, second: str | Path | Sound, *, space: str = "embedding") -> float:
        """Similarity of two recordings, -1..1.

        Raises:
            RecordingError: one of them can't be used; says why.
        """
        decoders, limits = self._parts.decoders, self._parts.archive_limits
        sounds = [admitted_sound(decoders, NO_POLICY, one, limits) for one in (first, second)]
        method = method_for_new(self._parts.encoders, self._parts.diarizers)
        return compare(method, self._parts.sounds, space_named(space), *sounds)

    def sweep_drafts(self) -> None:
        """Take away drafts that had their hour."""
        self._parts.drafts.folder.sweep()

    def empty_drafts(self) -> None:
        """Take all drafts away, as a server does when it starts."""
        self._parts.drafts.folder.empty()

    def encoder_id(self) -> str:
        """Of the configured encoder."""
        return self._parts.encoders.configured().identity.encoder_id

    def encoder_notice(self) -> str | None:
        """What users must know of the configured encoder."""
        return self._parts.encoders.configured().notice

    def warm_up(self) -> None:
        """Load the encoder and encode a second of noise, so that the first request does not wait for it."""
        noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE_HZ).astype(np.float32) * 0.1
        self.classify(from_samples(noise, SAMPLE_RATE_HZ))
        self._parts.sounds.forget()

    def ping(self) -> None:
        """Raise unless the database answers."""
        self.collection_names()

    def job(self, job_id: int) -> Job:
        """A job; NotFoundError where there is none."""
        self._end_leases()
        with self._parts.store.read() as unit:
            return unit.jobs.get(job_id)

    def job_items(self, job_id: int) -> tuple[JobItem, ...]:
        """What a job works on one by one, or what became of that; the first hundred."""
        with self._parts.store.read() as unit:
            return unit.items.of_job(job_id, limit=100)

    def job_errors(self, job_id: int, *, examples: int = 3) -> tuple[ErrorKind, ...]:
        """What failed in a job, by kind, with the first of each kind."""
        with self._parts.store.read() as unit:
            return unit.failures.kinds(job_id, examples)

    def jobs(self, *, collection: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        """Jobs of a collection or of all, the newest first; NotFoundError where there is no such collection."""
        self._end_leases()
        with self._parts.store.read() as unit:
            collection_id = None if collection is None else unit.collections.get(collection).collection_id
            return unit.jobs.page(collection_id, cursor, limit)

    def current_jobs(self, *, collection: str | None = None) -> tuple[Job, ...]:
        """Jobs that are open or ended within a minute, of a collection or of all: at most 200, those that wait last.

        Raises:
            NotFoundError: there is no such collection.
        """
        self._end_leases()
        since = datetime.now(UTC) - timedelta(seconds=CURRENT_S)
        with self._parts.store.read() as unit:
            collection_id = None if collection is None else unit.collections.get(collection).collection_id
            return unit.jobs.current(collection_id, since, limit=CURRENT_JOBS)

    def job_failures(
        self, job_id: int, *, code: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[JobItem]:
        """What failed in a job and why, the last first; of uploads also what was kept out. `code`: only of that kind.

        A uri of an archive that a later job failed on, or stored, is that job's.
        """
        with self._parts.store.read() as unit:
            kind = unit.jobs.get(job_id).kind
            kept = unit.items if kind == UPLOAD_JOB else unit.failures
            return kept.failed(job_id, code, cursor, limit)

    def cancel_job(self, job_id: int) -> Job:
        """End a job: what waits is dropped, what is in hand ends after its batch, what is stored stays.

        Raises:
            ConflictError: it is over already.
        """
        return cancel(self._parts.store, self._parts.uploads, job_id)

    def retry_job(self, job_id: int) -> Job:
        """Queue a new job for what failed in one, for a worker.

        Raises:
            ConflictError: it is not over, it was an upload, or nothing of it is left to try again.
        """
        return retry(self._parts.store, job_id)

    def run_next_job(self, owner: str, *, item_id: int | None = None) -> Job | None:
        """A worker's step: do one item of a job that waits, or whose worker died; the job. None: nothing to do.

        With `item_id` that item, unless it is done or somebody has it in hand.
        """
        job = self._work.run_next(owner, item_id=item_id)
        if job is not None:
            with self._parts.store.read() as unit:
                stored = unit.collections.find(job.collection)
            if stored is not None:
                self._parts.upkeep.tend(stored)
        return job

    def unsent_items(self, limit: int) -> tuple[ItemMessage, ...]:
        """Items that wait and of which no broker was told, noted as sent: uploads, and so many of archives that no more
        than `limit` of those wait then.
        """
        return Outbox(self._parts.store).unsent(limit)

    def resend_items(self, older_than_s: float, *, urgent: bool) -> int:
        """Have items, uploads or others, sent again that were sent longer ago than this and not taken up; how many."""
        return Outbox(self._parts.store).send_again(older_than_s, urgent=urgent)

    def models(self) -> tuple[ModelEntry, ...]:
        """Encoders that are here or can be pulled."""
        return list_models(self.settings.resolved_models_dir)

    def show_model(self, source: str) -> ModelDetails:
        """Identity and labels of an encoder, by name or directory."""
        return show_model(source, self.settings.resolved_models_dir, device=self.settings.device)

    def pull_model(self, name: str, progress: Callable[[str, int, int | None], None] | None = None) -> Path:
        """Download an encoder's files into the models folder."""
        return pull_model(name, self.settings.resolved_models_dir, progress=progress)

    def _end_leases(self) -> None:
        """What is gone is noted as soon as there is room for it; looking does not depend on that."""
        with suppress(DiskFullError):
            end_leases(self._parts.store)
