"""Background work and its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from emovec_db.domain.ingest import IngestFailure

#: kinds of jobs: recordings that came over the network; recordings that lie where they lie; a collection encoded anew
UPLOAD_JOB = "upload"
ARCHIVE_JOB = "archive"
REENCODE_JOB = "reencode"


class JobState(StrEnum):
    """Where a job or an item stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job has come."""

    #: recordings by outcome: ingested, unchanged, updated, refused, suppressed, failed; or encoded, failed
    counts: Mapping[str, int]
    #: recordings expected; None while unknown
    total: int | None = None
    #: sound encoded, seconds
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of background work."""

    job_id: int
    collection: str
    kind: str
    state: JobState
    #: recordings by outcome as it was at `heartbeat_at`: ingested, unchanged, updated, refused, suppressed, failed
    counts: Mapping[str, int]
    #: recordings expected; None while unknown
    total: int | None
    #: sound encoded, seconds
    duration_s: float
    #: who finds the job's recordings, or does them itself, and how long that is believed
    lease_owner: str | None
    lease_until: datetime | None
    heartbeat_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    #: of the file that was sent; of an archive one that waits or failed, if any: what went well leaves no names in jobs
    uri: str | None = None

    @property
    def done(self) -> int:
        """Recordings that are settled, whatever their outcome."""
        return sum(self.counts.values())

    @property
    def rate_per_s(self) -> float | None:
        """Recordings per second from the start to the last word of it; None before anything is done."""
        if self.started_at is None or self.heartbeat_at is None or not self.done:
            return None
        elapsed_s = (self.heartbeat_at - self.started_at).total_seconds()
        return self.done / elapsed_s if elapsed_s > 0 else None

    @property
    def remaining_s(self) -> float | None:
        """Seconds that are left at this rate; None where the job is over or that can't be told."""
        if not self.state.is_open or self.total is None or self.rate_per_s is None:
            return None
        return max(self.total - self.done, 0) / self.rate_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """A part of a job that one worker does in one go; also where a failed uri's reason is kept."""

    item_id: int
    job_id: int
    #: of the recording; of the first where the item has several
    uri: str
    state: JobState
    #: how often a worker took it up
    attempts: int
    #: why it failed or was kept out; of an upload that is done also a `StoredBefore`
    code: str | None
    message: str | None
    #: what it needs to be done; empty when it is over, since it may name people
    params: Mapping[str, Any]
    recording_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ItemMessage:
    """What a broker is told: that an item waits."""

    item_id: int
    #: somebody waits for it
    urgent: bool


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """Failures of one job that have the same code."""

    code: str
    count: int
    #: the first ones
    examples: tuple[IngestFailure, ...]
