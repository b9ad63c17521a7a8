"""Processes under test: started, watched and ended by their ids."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], *, timeout_s: float = 90) -> Found:
    """What `look` finds, once it finds something."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s} s for {look}")


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Running:
    """A process and what it writes."""

    process: subprocess.Popen[bytes]
    output: Path

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def match(self, pattern: str) -> re.Match[str]:
        """Wait for output that matches."""

        def look() -> re.Match[str] | None:
            assert self.process.poll() is None or re.search(pattern, self.text()), self.text()
            return re.search(pattern, self.text())

        return until(look)

    def children(self, command: str) -> list[int]:
        """Ids of direct children whose command line has `command`."""
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in listed if command in _command_line(child)]

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)


def _command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""


@contextmanager
def running(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Running]:
    """A Python process with these arguments; ended afterwards, with what it started."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOVEC_")}
    output = folder / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-u", *arguments],
            cwd=folder,
            env={**kept, **environment},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(process, output)
    finally:
        # children end with their parent, which they notice by the pipe it held
        process.kill()
        process.wait()
