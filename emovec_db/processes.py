"""What the server's and the worker's process have in common: logging, and ending with their parent."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading


def log_to_stderr() -> None:
    """One line per event; other libraries speak from warnings on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("emovec_db").setLevel(logging.INFO)


def end_with_parent(read_fd: int) -> None:
    """Send this process SIGTERM when its parent is gone, however it ended.

    `read_fd` is a pipe to which only the parent holds the write end and never writes: the read returns when the last
    writer is gone, which the kernel sees to even after SIGKILL.
    """
    threading.Thread(target=_wait, args=(read_fd, os.getpid()), name="lifeline", daemon=True).start()


def _wait(read_fd: int, pid: int) -> None:
    while os.read(read_fd, 1):
        pass
    os.kill(pid, signal.SIGTERM)
