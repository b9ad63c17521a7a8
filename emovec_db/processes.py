"""What processes share: logging, ending with their parent, and telling whether another one still lives."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from functools import cache
from pathlib import Path


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


def owner_name() -> str:
    """Who holds a lease, for people and for `has_ended`: host, process, and what makes it unlike any other.

    Process ids are used again and hosts may be called alike; the kernel's boot id, the namespace of process ids and
    the process's start tell them apart, a nonce the threads of one process.
    """
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_kernel()}:{_started(pid)}:{secrets.token_hex(4)}"


def has_ended(owner: str) -> bool:
    """Whether that process ran on this machine and is gone; False where this can't be known."""
    _, _, told = owner.partition(":")
    pid, kernel, started, *_ = [*told.split(":"), "", "", ""]
    return pid.isdecimal() and bool(kernel) and kernel == _kernel() and _started(int(pid)) != started


@cache
def _kernel() -> str:
    """Which kernel's process ids are meant; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot[:8]}-{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in ticks since boot; empty where it is gone, if only its parent has not looked yet."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # state and starttime, fields 3 and 22 of proc_pid_stat(5)
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _wait(read_fd: int, pid: int) -> None:
    while os.read(read_fd, 1):
        pass
    os.kill(pid, signal.SIGTERM)
