"""A parent process that keeps its children running until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

log = logging.getLogger(__name__)

#: a child that ends with this code said that starting it again would not help (a user error)
FINAL_EXIT_CODE = 2
FIRST_DELAY_S = 0.5
MAX_DELAY_S = 30.0
#: a child that ran this long has recovered
STABLE_S = 30.0
#: what children get to finish their work in hand
GRACE_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a child runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    #: file descriptors that it inherits
    keep_fds: Sequence[int] = ()


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    delay_s: float = 0.0
    start_at_s: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        # a session of its own: Ctrl-C reaches only the parent, which passes it on once
        self.process = subprocess.Popen(  # noqa: S603
            list(self.program.command),
            env=dict(self.program.environment),
            pass_fds=tuple(self.program.keep_fds),
            start_new_session=True,
        )
        self.started_s = time.monotonic()
        log.info("%s started, process %d", self.program.name, self.process.pid)

    def plan_restart(self, code: int) -> None:
        ran_s = time.monotonic() - self.started_s
        self.delay_s = FIRST_DELAY_S if ran_s >= STABLE_S else min(max(self.delay_s * 2, FIRST_DELAY_S), MAX_DELAY_S)
        self.start_at_s = time.monotonic() + self.delay_s
        self.process = None
        log.warning("%s ended (%s), starts again in %g s", self.program.name, _reason(code), self.delay_s)


class Supervisor:
    """Runs programs side by side; starts one that ends again, waiting longer each time it fails at once."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children = [_Child(program) for program in programs]
        self._signals = 0
        self._wake = threading.Event()

    def run(self) -> int:
        """Until SIGTERM or SIGINT (0), or a child that can't be helped (its exit code)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        code = 0
        try:
            while not self._signals and not code:
                code = self._look_after()
                self._wake.wait(_POLL_S)
        finally:
            self._stop()
        return code

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        self._wake.set()

    def _look_after(self) -> int:
        for child in self._children:
            if child.process is None:
                if time.monotonic() >= child.start_at_s:
                    child.start()
            elif (code := child.process.poll()) is not None:
                if code == FINAL_EXIT_CODE:
                    return code
                child.plan_restart(code)
        return 0

    def _stop(self) -> None:
        """SIGTERM to all; SIGKILL after the grace period or a second signal."""
        asked = self._signals
        for child in self._running():
            _send(child, signal.SIGTERM)
        deadline_s = time.monotonic() + GRACE_S
        while self._running() and time.monotonic() < deadline_s and self._signals <= max(asked, 1):
            time.sleep(_POLL_S)
        for child in self._running():
            log.warning("%s did not end in time, killed", child.program.name)
            _kill_group(child)

    def _running(self) -> list[_Child]:
        return [child for child in self._children if child.process is not None and child.process.poll() is None]


def _send(child: _Child, number: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(number)


def _kill_group(child: _Child) -> None:
    if child.process is not None:
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
