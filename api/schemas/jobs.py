"""Shapes of jobs and of what could not be stored."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emovec_db.api.schemas.heard import Answer

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class Item(Answer):
    """One uri of a job and what became of it."""

    uri: str
    state: JobState
    attempts: int
    code: str | None = Field(
        description="why it failed or was kept out; of a recording that was stored before what became of its details"
    )
    message: str | None
    recording_ids: list[int]


class FailedUri(Answer):
    """A uri that could not be stored."""

    uri: str
    code: str
    message: str


class ErrorKind(Answer):
    """Failures of one job that have the same code."""

    code: str
    count: int
    examples: list[FailedUri]


class Job(Answer):
    """One piece of background work."""

    job_id: int
    collection: str
    kind: str
    uri: str | None = Field(description="of the upload; of an archive, of one file that waits or failed")
    state: JobState
    counts: dict[str, int] = Field(description="recordings by outcome")
    total: int | None = Field(description="recordings expected, where that is known")
    duration_s: float = Field(description="sound encoded")
    rate_per_s: float | None = Field(description="recordings per second")
    remaining_s: float | None = Field(description="seconds left at this rate")
    error: str | None
    created_at: str
    started_at: str | None
    heartbeat_at: str | None = Field(description="when the counts were as they are told")
    finished_at: str | None
    items: list[Item] | None = None
    errors: list[ErrorKind] | None = None


class JobPage(Answer):
    """Some jobs and the cursor of the next."""

    items: list[Job]
    next_cursor: str | None


class FailurePage(Answer):
    """Uris that could not be stored, and why."""

    items: list[Item]
    next_cursor: str | None
