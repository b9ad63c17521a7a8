"""Celery workers under test: started, killed and replaced while they work."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.command import Emovec

READY = "waits for messages"


@dataclass
class Workers:
    """Some `emovec worker --engine celery` of one database and broker; what they say is kept in one file each."""

    emovec: Emovec
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _files: dict[int, Path] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        path = self.folder / f"worker-{len(self._files)}.txt"
        with path.open("wb") as sink:
            process = subprocess.Popen(
                self.emovec.argv("worker", "--engine", "celery"),
                env=self.emovec.environment, cwd=self.folder, stdout=sink, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._files[process.pid] = path
        self.processes.append(process)
        return process

    def ready(self, timeout_s: float = 90) -> None:
        """Wait until all that run have said that they are."""
        deadline_s = time.monotonic() + timeout_s
        while self.revive() or not all(READY in self._files[process.pid].read_text() for process in self.processes):
            if time.monotonic() > deadline_s:
                raise AssertionError(self.said())
            time.sleep(0.02)

    def revive(self) -> int:
        """Start others for those that found broker or database away at their start, as a supervisor does; how many."""
        ended = [process for process in self.processes if process.poll() == 1]
        for process in ended:
            self.processes.remove(process)
            self.start()
        return len(ended)

    def replace(self, process: subprocess.Popen[bytes]) -> int:
        """SIGKILL one and start another; how it ended."""
        process.send_signal(signal.SIGKILL)
        code = process.wait()
        self.processes.remove(process)
        self.start()
        return code

    def said(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self._files.values())

    def end(self) -> list[int]:
        """SIGTERM to all; their exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(90) for process in self.processes]
        self.processes.clear()
        return codes


@contextmanager
def workers(emovec: Emovec, number: int) -> Iterator[Workers]:
    """So many workers; those that are left are killed afterwards."""
    folder = emovec.data_dir.parent / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    running = Workers(emovec, folder)
    try:
        for _ in range(number):
            running.start()
        yield running
    finally:
        for process in running.processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
