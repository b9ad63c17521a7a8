"""Background work and its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job or an item stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of background work."""

    job_id: int
    collection: str
    kind: str
    state: JobState
    #: what the job was asked to do; never secrets
    params: Mapping[str, Any]
    #: recordings by outcome: ingested, unchanged, updated, refused, failed
    counts: Mapping[str, int]
    attempts: int
    lease_owner: str | None
    lease_until: datetime | None
    heartbeat_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """One uri of a job; also where a failed uri's reason is kept."""

    item_id: int
    job_id: int
    uri: str
    state: JobState
    attempts: int
    code: str | None
    message: str | None
    params: Mapping[str, Any]
    recording_ids: tuple[int, ...]
