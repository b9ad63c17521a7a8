"""`make run` passes on what it is given, and serves even if some recordings failed; stand-ins note the calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

STAND_IN = """#!/bin/sh
printf '%s|' "$@" >> "$CALLS"; echo >> "$CALLS"
[ "$1" != ingest ] || exit "$INGEST_EXIT"
"""


class Make:
    """Runs `make run` with an environment whose `emovec` only notes its arguments."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.data = folder / "data"
        self._calls = folder / "calls"
        self._venv = folder / "venv"
        (self._venv / "bin").mkdir(parents=True)
        self.home.mkdir()
        (self._venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (self._venv / "bin" / "emovec").write_text(STAND_IN)
        for program in (self._venv / "bin").iterdir():
            program.chmod(0o755)
        (self._venv / "base.stamp").touch()

    def run(self, *arguments: str, ingest_exit: int = 0, **variables: str) -> tuple[int, list[list[str]]]:
        """make's exit code and the calls of `emovec`, each a list of arguments."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("EMOVEC_", "MAKE"))}
        environment |= {"HOME": str(self.home), "CALLS": str(self._calls), "INGEST_EXIT": str(ingest_exit)}
        environment |= {"EMOVEC_DATA_DIR": str(self.data)} | variables
        command = ["make", "--silent", "run", f"VENV={self._venv}", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True)
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        return done.returncode, [call.rstrip("|").split("|") for call in calls]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


SAMPLES = ["ingest", "samples", "--customer-from", "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"]


def test_first_start_ingests_the_samples(make: Make) -> None:
    assert make.run() == (0, [SAMPLES, ["serve"]])


def test_later_starts_only_serve(make: Make) -> None:
    make.data.mkdir()
    assert make.run() == (0, [["serve"]])


def test_samples_stay_out_of_a_given_database(make: Make) -> None:
    assert make.run(EMOVEC_DATABASE_URL="postgresql://db/calls") == (0, [["serve"]])


def test_archive_below_home_with_a_pattern(make: Make) -> None:
    expected = ["ingest", f"{make.home}/my calls", "--customer-from", "{customer}/*.wav"]
    assert make.run("ARCHIVE=~/my calls", "CUSTOMER_FROM={customer}/*.wav") == (0, [expected, ["serve"]])


def test_archive_is_ingested_at_every_start(make: Make) -> None:
    make.data.mkdir()
    assert make.run("ARCHIVE=/calls") == (0, [["ingest", "/calls"], ["serve"]])


def test_failed_recordings_dont_keep_the_rest_from_being_served(make: Make) -> None:
    assert make.run(ingest_exit=3) == (0, [SAMPLES, ["serve"]])


@pytest.mark.parametrize("code", [1, 2])
def test_any_other_failure_stops(make: Make, code: int) -> None:
    assert make.run(ingest_exit=code) == (2, [SAMPLES])
