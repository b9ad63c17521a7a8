"""Memory of running processes, as the kernel counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, or of all those of a server."""

    #: that is no file's: what the system can't take back
    anonymous: int
    #: the greatest that was resident, mapped files with it
    peak: int


def memory_of(pids: Sequence[int]) -> Memory:
    """Shared memory, which each of a server's processes counts as its own, is counted once; mapped files are not."""
    fields = [_status(pid) for pid in pids]
    shared = [one.get("RssShmem", 0) for one in fields]
    own_peaks = [max(0, one.get("VmHWM", 0) - held) for one, held in zip(fields, shared, strict=True)]
    return Memory(sum(one.get("RssAnon", 0) for one in fields), sum(own_peaks) + max(shared, default=0))


def descendants(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    lists = PROC.joinpath(str(pid), "task").glob("*/children")
    children = [int(word) for file in lists for word in file.read_text(encoding="utf-8").split()]
    return [*children, *(one for child in children for one in descendants(child))]


def is_running(pid: int) -> bool:
    """Whether it holds memory, which one that ended and wasn't waited for doesn't."""
    return bool(_status(pid))


def _status(pid: int) -> dict[str, int]:
    """The sizes in bytes; nothing of a process that is gone."""
    try:
        lines = (PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    words = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kb) * 1024 for name, kb, _ in words}
