"""`emovec ingest --watch`: a line for each batch that came, until somebody stops it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from emovec_db.cli.ingest_view import batch_view
from emovec_db.cli.output import console
from emovec_db.cli.progress import Lines
from emovec_db.cli.text import count, printable
from emovec_db.documents import ingest_document
from emovec_db.domain.ingest import IngestProgress, IngestReport


def print_reports(reports: Iterable[IngestReport], *, as_json: bool) -> None:
    """Each as soon as it is there: as text, or as a JSON document on a line of its own."""
    for report in reports:
        if as_json:
            sys.stdout.write(json.dumps(ingest_document(report), allow_nan=False) + "\n")
            sys.stdout.flush()
        else:
            console().print(batch_view(report, datetime.now()))


def say(remark: str) -> None:
    """To stderr, with the time."""
    sys.stderr.write(f"{datetime.now():%H:%M:%S}  {printable(remark)}\n")
    sys.stderr.flush()


class BatchProgress:
    """How far a long batch has come: a line now and then, as for logs."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lines, self._done = Lines("Ingesting", "recordings"), 0

    def __call__(self, state: IngestProgress) -> None:
        if state.done < self._done:
            self._begin()  # of another batch
        self._done = state.done
        self._lines(state.done, state.total)


class WaitingLine:
    """What is waited for, on stderr: a line when that changes."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._what = ", ".join(str(Path(folder)) for folder in folders)
        self._said: bool | None = None

    def __call__(self, growing: int) -> None:
        if self._said != bool(growing):
            self._said = bool(growing)
            more = f"; {count(growing, 'file')} still growing" if growing else ""
            say(f"waiting for recordings in {self._what}{more} (Ctrl-C ends)")
