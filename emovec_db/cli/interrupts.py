"""Ctrl-C: the first asks to end after what is in hand, the second ends the process at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_ctrl_c(*others: signal.Signals) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, or one of the other signals."""
    stop = threading.Event()

    signals = (signal.SIGINT, *others)

    def ask(_number: int, _frame: object) -> None:
        # by the kernel: whatever computes then need not come back to Python first
        for number in signals:
            signal.signal(number, signal.SIG_DFL)
        stop.set()
        sys.stderr.write("\nFinishing what is in hand; Ctrl-C again ends at once.\n")

    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread hears of signals
        return
    previous = {number: signal.signal(number, ask) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
