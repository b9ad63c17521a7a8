"""How far a long command has come: a bar while someone watches, else a line now and then; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from emovec_db.cli.output import error_console
from emovec_db.cli.text import count, duration

if TYPE_CHECKING:
    from rich.progress import Progress

    from emovec_db.domain.ingest import IngestProgress

#: between two lines where stderr is no terminal
LINE_EVERY_S: Final = 10.0


class Meter(Protocol):
    """Called whenever something is done; `remark` is shown beside the rate."""

    def __call__(self, done: int, total: int | None, remark: str = "") -> None: ...


@contextmanager
def meter(what: str, unit: str, total: int | None = None) -> Iterator[Meter]:
    """A meter for `total` things (None: not known yet), for example ``meter("Classifying", "recordings", 12)``."""
    if not sys.stderr.isatty():
        yield Lines(what, unit)
        return
    with _bar() as bar:
        task = bar.add_task(what, total=total, rate="", remark="")
        started = time.monotonic()

        def show(done: int, total: int | None, remark: str = "") -> None:
            rate = _rate(done, time.monotonic() - started, unit)
            bar.update(task, completed=done, total=total, rate=rate, remark=remark)

        yield show


class Lines:
    """One line on stderr every ten seconds, for logs."""

    def __init__(self, what: str, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._unit, self._clock = what, unit, clock
        self._started = self._last = clock()

    def __call__(self, done: int, total: int | None, remark: str = "") -> None:
        now = self._clock()
        if now - self._last < LINE_EVERY_S:
            return
        self._last = now
        elapsed = now - self._started
        parts = [f"{done:,} of {total:,}" if total else f"{done:,}", _rate(done, elapsed, self._unit), remark]
        if total and done:
            parts.append(f"{duration(elapsed * (total - done) / done)} left")
        sys.stderr.write(f"{self._what}: {', '.join(part for part in parts if part)}\n")
        sys.stderr.flush()


def shown_by(show: Meter) -> Callable[[IngestProgress], None]:
    """What an ingest calls after each batch, shown by a meter with the speed in times real time."""
    started = time.monotonic()

    def progress(state: IngestProgress) -> None:
        elapsed_s = time.monotonic() - started
        speed = f"{state.duration_s / elapsed_s:.0f} × real time" if state.duration_s and elapsed_s > 0 else ""
        failed = f"{count(state.failed, 'failure')}" if state.failed else ""
        show(state.done, state.total, ", ".join(part for part in (speed, failed) if part))

    return progress


def _rate(done: int, elapsed_s: float, unit: str) -> str:
    return f"{done / elapsed_s:.1f} {unit}/s" if done and elapsed_s > 0 else ""


def _bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TextColumn("{task.fields[remark]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=error_console(),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
