"""How an ingest report looks on a terminal."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from emovec_db.cli.text import count, duration, path_text, printable
from emovec_db.domain.ingest import IngestFailure, IngestReport

#: of each kind of error, and of the remarks
SHOWN_EXAMPLES = 3
SHOWN_NOTES = 5


def ingest_view(report: IngestReport, collection: str) -> RenderableType:
    """What became of the recordings, why some failed, and what to do next."""
    parts: list[RenderableType] = [_summary(report)]
    parts += errors_view(report.errors)
    parts += [Text(f"· {printable(note)}", "dim") for note in report.notes[:SHOWN_NOTES]]
    if len(report.notes) > SHOWN_NOTES:
        parts.append(Text(f"· and {count(len(report.notes) - SHOWN_NOTES, 'more remark')} (--json has all)", "dim"))
    parts.append(_next_step(report, collection))
    return Group(*parts)


def batch_view(report: IngestReport, moment: datetime) -> RenderableType:
    """The same of one batch among many: a line, and why some failed."""
    notes = [Text(f"· {printable(note)}", "dim") for note in report.notes[:SHOWN_NOTES]]
    return Group(Text(f"{moment:%H:%M:%S}  ").append(_summary(report)), *errors_view(report.errors), *notes)


def _summary(report: IngestReport) -> Text:
    text = Text(f"{count(report.ingested, 'recording')} ingested", "bold")
    if report.ingested and report.seconds > 0:
        rate = f"{report.ingested / report.seconds:.1f} recordings/s"
        speed = f"{report.duration_s / report.seconds:.0f} × real time"
        sound = f"{duration(report.duration_s)} of sound in {duration(report.seconds)}"
        text.append(f" ({sound}: {rate}, {speed})", "not bold")
    others = {
        "unchanged": report.unchanged,
        "updated": report.updated,
        "refused": report.refused,
        "deleted before": report.suppressed,
    }
    for outcome, number in others.items():
        if number:
            text.append(f", {number:,} {outcome}", "not bold")
    if report.failed:
        text.append(f", {report.failed:,} failed", "bold red")
    return text


def errors_view(errors: Sequence[IngestFailure]) -> list[RenderableType]:
    """Failures by kind, with the first of each kind."""
    by_code: dict[str, list[IngestFailure]] = defaultdict(list)
    for error in errors:
        by_code[error.code].append(error)
    lines: list[RenderableType] = []
    for code, alike in sorted(by_code.items(), key=lambda item: -len(item[1])):
        lines.append(Text(f"\n{printable(code)}: {count(len(alike), 'recording')}", "bold red"))
        for error in alike[:SHOWN_EXAMPLES]:
            lines.append(Text(f"  {path_text(error.uri)}"))
            lines.append(Text(f"    {printable(error.message)}", "dim"))
        if len(alike) > SHOWN_EXAMPLES:
            lines.append(Text(f"  and {len(alike) - SHOWN_EXAMPLES:,} more (--json has all)", "dim"))
    return lines


def _next_step(report: IngestReport, collection: str) -> Text:
    chosen = "" if collection == "default" else f" --collection {shlex.quote(printable(collection))}"
    if report.failed:
        return Text(f"\nMend what failed, then: emovec ingest --retry-failed{chosen}")
    if report.suppressed and not (report.ingested or report.unchanged or report.updated or report.refused):
        return Text("\nAll of it was deleted before; the same with --allow-again takes it in again.")
    if report.refused and not (report.ingested or report.unchanged or report.updated):
        return Text(f"\nAll of it was refused; emovec policy refusals{chosen} lists why.")
    if report.ingested or report.unchanged or report.updated:
        return Text(f"\nNext: emovec search FILE{chosen}, emovec cluster{chosen}, emovec list{chosen}")
    return Text("\nNo recordings were found there.")
