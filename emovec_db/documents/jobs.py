"""Ingest reports, jobs and their items."""

from __future__ import annotations

from collections.abc import Sequence

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.ingest import Forecast, IngestFailure, IngestReport
from emovec_db.domain.job import ErrorKind, Job, JobItem


def ingest_document(report: IngestReport) -> Document:
    """``{ingested, unchanged, updated, refused, suppressed, failed, errors, seconds, duration_s, notes}``."""
    return {
        "ingested": report.ingested,
        "unchanged": report.unchanged,
        "updated": report.updated,
        "refused": report.refused,
        "suppressed": report.suppressed,
        "failed": report.failed,
        "errors": [failure_document(failure) for failure in report.errors],
        "seconds": report.seconds,
        "duration_s": report.duration_s,
        "notes": list(report.notes),
    }


def forecast_document(forecast: Forecast) -> Document:
    """``{uri, channel, outcome, customer, speaker, role, recorded_at, metadata, reason}``."""
    details = forecast.details
    return {
        "uri": forecast.uri,
        "channel": forecast.channel,
        "outcome": forecast.outcome.value,
        "customer": details.customer,
        "speaker": details.speaker,
        "role": details.role,
        "recorded_at": time_text(details.recorded_at),
        "metadata": dict(details.metadata),
        "reason": forecast.reason,
    }


def failure_document(failure: IngestFailure) -> Document:
    """``{uri, code, message}``."""
    return {"uri": failure.uri, "code": failure.code, "message": failure.message}


def job_document(
    job: Job, items: Sequence[JobItem] | None = None, errors: Sequence[ErrorKind] | None = None
) -> Document:
    """One job; items and errors where they are given. Params stay inside: they may hold customers' names and keys."""
    document = {
        "job_id": job.job_id,
        "collection": job.collection,
        "kind": job.kind,
        "uri": job.uri,
        "state": job.state.value,
        "counts": dict(job.counts),
        "total": job.total,
        "duration_s": job.duration_s,
        "rate_per_s": job.rate_per_s,
        "remaining_s": job.remaining_s,
        "error": job.error,
        "created_at": time_text(job.created_at),
        "started_at": time_text(job.started_at),
        "heartbeat_at": time_text(job.heartbeat_at),
        "finished_at": time_text(job.finished_at),
    }
    if items is not None:
        document["items"] = [item_document(item) for item in items]
    if errors is not None:
        document["errors"] = [error_kind_document(kind) for kind in errors]
    return document


def error_kind_document(kind: ErrorKind) -> Document:
    """Failures of one job that have the same code."""
    return {
        "code": kind.code,
        "count": kind.count,
        "examples": [failure_document(example) for example in kind.examples],
    }


def item_document(item: JobItem) -> Document:
    """One uri of a job: what became of it."""
    return {
        "uri": item.uri,
        "state": item.state.value,
        "attempts": item.attempts,
        "code": item.code,
        "message": item.message,
        "recording_ids": list(item.recording_ids),
    }
