"""How far a download has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emovec_db.cli.output import error_console

#: called with (file, bytes so far, bytes in all or None)
DownloadMeter = Callable[[str, int, int | None], None]


@contextmanager
def download_meter() -> Iterator[DownloadMeter | None]:
    """A bar for each file with rate and time left, while someone watches; else None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    tasks: dict[str, TaskID] = {}
    columns = (BarColumn(bar_width=20), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
    with Progress(TextColumn("{task.description}", markup=False), *columns, console=error_console()) as bars:

        def show(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total, completed=done)
            bars.update(tasks[file], completed=done, total=total)

        yield show
