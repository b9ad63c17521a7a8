"""The worker as a process: settings, signals, exit code."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence

from emovec_db.database import open_database
from emovec_db.errors import EmovecError
from emovec_db.processes import end_with_parent, log_to_stderr
from emovec_db.settings import Settings, read_settings
from emovec_db.worker.loop import run

log = logging.getLogger(__name__)


def run_worker(settings: Settings) -> None:
    """Do jobs until SIGTERM or SIGINT; a second one ends the process at once, and the job's lease runs out.

    Raises:
        EmovecError: the database can't be opened.
    """
    stop = threading.Event()
    _stop_on_signals(stop)
    with open_database(settings) as database:
        log.info("the worker waits for jobs")
        run(database, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker that `emovec serve` supervises."""
    parser = argparse.ArgumentParser(prog="python -m emovec_db.worker", description=main.__doc__)
    parser.add_argument("--lifeline-fd", type=int, help="a pipe whose writer is the parent; the worker ends with it")
    given = parser.parse_args(arguments)
    log_to_stderr()
    if given.lifeline_fd is not None:
        end_with_parent(given.lifeline_fd)
    try:
        run_worker(read_settings())
    except EmovecError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    return 0


def _stop_on_signals(stop: threading.Event) -> None:
    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
