"""Owners' names tell, on this machine, whether their process still lives."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emovec_db.processes import has_ended, owner_name

TELL = "from emovec_db.processes import owner_name; print(owner_name(), flush=True); input()"


def test_this_process_lives_and_its_threads_differ() -> None:
    assert owner_name() != owner_name()
    assert not has_ended(owner_name())


def test_a_killed_process_has_ended_also_while_nobody_has_looked() -> None:
    with subprocess.Popen([sys.executable, "-c", TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().decode().strip()
        assert not has_ended(owner)
        process.kill()
        assert process.stdout.read() == b""  # its end of the pipe is closed, but nobody has waited for it
        while not has_ended(owner):
            pass
    assert has_ended(owner)


def test_a_process_id_that_was_used_again_is_another_process() -> None:
    host, pid, kernel, started, nonce = owner_name().split(":")
    assert has_ended(":".join((host, pid, kernel, str(int(started) - 1), nonce)))


@pytest.mark.parametrize("change", ["another-kernel", ""])
def test_of_other_machines_nothing_is_known(change: str) -> None:
    host, _pid, _kernel, started, nonce = owner_name().split(":")
    assert not has_ended(":".join((host, "999999999", change, started, nonce)))


@pytest.mark.parametrize("odd", ["", "w1", "host:12", "host:x:y:z:n", ":::::"])
def test_other_names_are_never_gone(odd: str) -> None:
    assert not has_ended(odd)
