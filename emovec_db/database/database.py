"""A database: collections, jobs, models, and the encoder that new collections are bound to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from emovec_db.audio.decode import from_samples
from emovec_db.bootstrap import Parts, build
from emovec_db.database.collection import Collection
from emovec_db.domain.classification import Classification
from emovec_db.domain.collection import CollectionSummary
from emovec_db.domain.job import Job, JobItem, JobState
from emovec_db.domain.query import Page
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Sound, SoundLimits
from emovec_db.encoder.pull import pull_model
from emovec_db.encoder.registry import ModelDetails, ModelEntry, list_models, show_model
from emovec_db.errors import EmovecError
from emovec_db.services.classify import classify, compare, sound_of
from emovec_db.services.leases import LEASE_S
from emovec_db.services.methods import method_for_new
from emovec_db.services.uploads import UPLOAD_JOB
from emovec_db.settings import Settings
from emovec_db.spaces.registry import space_named

DEFAULT_COLLECTION = "default"


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

    def collections(self) -> tuple[CollectionSummary, ...]:
        """Every collection and how much is in it."""
        with self._parts.store.read() as unit:
            return unit.collections.summaries()

    def classify(
        self, recording: str | Path | Sound, *, frames: bool = False, limits: SoundLimits | None = None
    ) -> Classification:
        """Emotion of a recording, by the configured encoder; nothing is stored.

        Raises:
            RecordingError: the recording can't be used; says why.
        """
        sound = sound_of(self._parts.decoders, recording, limits or self._parts.archive_limits)
        return classify(method_for_new(self._parts.encoders), self._parts.sounds, sound, frames=frames)

    def compare(self, first: str | Path | Sound, second: str | Path | Sound, *, space: str = "embedding") -> float:
        """Similarity of two recordings, -1..1.

        Raises:
            RecordingError: one of them can't be used; says why.
        """
        sounds = [sound_of(self._parts.decoders, one, self._parts.archive_limits) for one in (first, second)]
        return compare(method_for_new(self._parts.encoders), self._parts.sounds, space_named(space), *sounds)

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
        self.collections()

    def job(self, job_id: int) -> Job:
        """A job; NotFoundError where there is none."""
        with self._parts.store.read() as unit:
            return unit.jobs.get(job_id)

    def job_items(self, job_id: int) -> tuple[JobItem, ...]:
        """What a job works on, or what failed in it."""
        with self._parts.store.read() as unit:
            return unit.jobs.items(job_id)

    def jobs(self, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        """Jobs, the newest first."""
        with self._parts.store.read() as unit:
            return unit.jobs.page(None, cursor, limit)

    def run_next_job(self, owner: str, *, lease_s: float = LEASE_S) -> Job | None:
        """Claim one job that waits, or whose worker died, and run it; None: nothing to do."""
        with self._parts.store.write() as unit:
            job = unit.jobs.claim(owner, lease_s, datetime.now(UTC), kinds=(UPLOAD_JOB,))
        if job is None:
            return None
        try:
            self.collection(job.collection).run_upload(job, owner)
        except EmovecError as error:
            self._fail(job, owner, error.message)
        except Exception as error:
            self._fail(job, owner, f"{type(error).__name__}: see the worker's log")
            raise
        return self.job(job.job_id)

    def models(self) -> tuple[ModelEntry, ...]:
        """Encoders that are here or can be pulled."""
        return list_models(self.settings.resolved_models_dir)

    def show_model(self, source: str) -> ModelDetails:
        """Identity and labels of an encoder, by name or directory."""
        return show_model(source, models_dir=self.settings.resolved_models_dir)

    def pull_model(self, name: str, progress: Callable[[str, int, int | None], None] | None = None) -> Path:
        """Download an encoder's files into the models folder."""
        return pull_model(name, self.settings.resolved_models_dir, progress=progress)

    def _fail(self, job: Job, owner: str, message: str) -> None:
        with self._parts.store.write() as unit:
            unit.jobs.finish(job.job_id, owner, JobState.FAILED, dict(job.counts), message)
