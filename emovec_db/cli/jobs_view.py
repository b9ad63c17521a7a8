"""How jobs look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import count, duration, moment, path_text, printable
from emovec_db.domain.job import ErrorKind, Job, JobState

_STYLES = {JobState.FAILED: "red", JobState.RUNNING: "bold"}


def jobs_table(jobs: Sequence[Job], zone: tzinfo) -> Table:
    """One line per job."""
    rows = table(
        "job", "state", "kind", "collection", "begun", "done", "failed", "rate", "left",
        right=("job", "done", "failed", "rate", "left"), gives_way={"collection": 10},
    )  # fmt: skip
    for job in jobs:
        rows.add_row(
            str(job.job_id),
            Text(job.state.value, _STYLES.get(job.state, "")),
            printable(job.kind),
            printable(job.collection),
            moment(job.started_at, zone),
            _done(job),
            f"{job.counts.get('failed', 0):,}",
            _rate(job),
            "" if job.remaining_s is None else duration(job.remaining_s),
        )
    return rows


def job_view(job: Job, errors: Sequence[ErrorKind], zone: tzinfo) -> RenderableType:
    """All that is known of a job."""
    parts: list[RenderableType] = [
        Text.assemble(
            (f"Job {job.job_id}", "bold"), f"  {printable(job.kind)} into collection {printable(job.collection)}, ",
            (job.state.value, _STYLES.get(job.state, "")),
        )
    ]  # fmt: skip
    if job.error is not None:
        parts.append(Text(printable(job.error), "red"))
    times = {"queued": job.created_at, "begun": job.started_at, "last word": job.heartbeat_at, "ended": job.finished_at}
    parts.append(Text(", ".join(f"{what} {moment(at, zone)}" for what, at in times.items() if at is not None)))
    outcomes = ", ".join(f"{number:,} {outcome}" for outcome, number in job.counts.items() if number)
    parts.append(Text(f"recordings done: {_done(job)}" + (f" ({outcomes})" if outcomes else "")))
    parts += _pace(job)
    for kind in errors:
        parts.append(Text(f"\n{printable(kind.code)}: {count(kind.count, 'file')}", "bold red"))
        for example in kind.examples:
            parts.append(Text(f"  {path_text(example.uri)}"))
            parts.append(Text(f"    {printable(example.message)}", "dim"))
        if kind.count > len(kind.examples):
            parts.append(Text(f"  and {kind.count - len(kind.examples):,} more", "dim"))
    return Group(*parts)


def _pace(job: Job) -> list[Text]:
    if job.rate_per_s is None or job.started_at is None or job.heartbeat_at is None:
        return []
    elapsed_s = (job.heartbeat_at - job.started_at).total_seconds()
    pace = [f"{job.rate_per_s:.1f} recordings/s", f"{job.duration_s / elapsed_s:.0f} × real time"]
    if job.remaining_s is not None:
        pace.append(f"{duration(job.remaining_s)} left")
    return [Text(", ".join(pace))]


def _done(job: Job) -> str:
    return f"{job.done:,}" if job.total is None else f"{job.done:,} of {job.total:,}"


def _rate(job: Job) -> str:
    return "" if job.rate_per_s is None else f"{job.rate_per_s:.1f}/s"
