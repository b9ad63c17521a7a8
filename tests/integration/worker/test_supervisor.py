"""The parent: starts again what dies, passes on what it is told, gives up where that helps no one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.integration.worker.processes import alive, running, until

ROOT = Path(__file__).resolve().parents[3]
SUPERVISE = """
import logging, os, sys
from emovec_db.api import supervisor
supervisor.FIRST_DELAY_S = 0.01
supervisor.GRACE_S = float(sys.argv[1])
logging.basicConfig(level=logging.INFO)
programs = [
    supervisor.Program(name=f"child{n}", command=[sys.executable, "-u", "-c", code], environment=dict(os.environ))
    for n, code in enumerate(sys.argv[2:])
]
sys.exit(supervisor.Supervisor(programs).run())
"""
SLEEP = "import time\nprint('child is up', flush=True)\ntime.sleep(600)"
STUBBORN = f"import signal\nfor n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, signal.SIG_IGN)\n{SLEEP}"
POLITE = (
    f"import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))\n{SLEEP}"
)


@pytest.fixture
def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}


def test_a_killed_child_is_replaced_and_the_others_are_left_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "10", SLEEP, POLITE], tmp_path, environment) as parent:
        killed, other = (int(parent.match(rf"child{n} started, process (\d+)")[1]) for n in (0, 1))
        os.kill(killed, signal.SIGKILL)
        parent.match("child0 ended .killed by SIGKILL., starts again")
        replacement = int(parent.match(rf"child0 started, process (?!{killed}\b)(\d+)")[1])
        assert alive(replacement)
        assert alive(other)
        assert parent.end() == 0
        assert not alive(replacement)
        assert not alive(other)
        assert "child1 started" in parent.text()
        assert parent.text().count("child1 started") == 1


def test_ctrl_c_lets_children_finish(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "60", POLITE], tmp_path, environment) as parent:
        parent.match("child is up")
        parent.process.send_signal(signal.SIGINT)
        assert parent.process.wait(60) == 0
        assert "bye" in parent.text()


def test_the_grace_period_ends(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "0.2", STUBBORN], tmp_path, environment) as parent:
        child = int(parent.match(r"process (\d+)")[1])
        parent.match("child is up")
        assert parent.end() == 0
        assert not alive(child)
        assert "child0 did not end in time, killed" in parent.text()


def test_a_second_signal_ends_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "600", STUBBORN], tmp_path, environment) as parent:
        child = int(parent.match(r"process (\d+)")[1])
        parent.match("child is up")
        parent.process.send_signal(signal.SIGINT)

        def ended() -> bool:
            parent.process.send_signal(signal.SIGINT)
            return parent.process.poll() is not None

        until(ended)
        assert not alive(child)


def test_a_user_error_ends_all(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "10", SLEEP, "import sys; sys.exit(2)"], tmp_path, environment) as parent:
        other = int(parent.match(r"child0 started, process (\d+)")[1])
        assert parent.process.wait(60) == 2
        assert not alive(other)


def test_pauses_grow(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(["-c", SUPERVISE, "10", "import sys; sys.exit(1)"], tmp_path, environment) as parent:
        for delay in ("0.01", "0.02", "0.04", "0.08"):
            parent.match(rf"child0 ended .exit code 1., starts again in {delay} s")
