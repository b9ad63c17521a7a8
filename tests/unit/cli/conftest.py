"""Runs commands in this process, on a fake database where no real one is meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from emovec_db.cli import session
from emovec_db.cli.main import main
from tests.unit.cli.fake_generations import FakeGenerations
from tests.unit.cli.fakes import FakeDatabase


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command: ``run("search", "clip.wav", "--json")``."""
    monkeypatch.delenv("EMOVEC_DEBUG", raising=False)

    def run_command(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """The database that commands open."""
    fake = FakeDatabase()
    fake.generations = FakeGenerations(fake.asked)

    def open_fake(encoder: str | None = None, precision: str | None = None) -> FakeDatabase:
        fake.opened_with = (encoder, precision)
        return fake

    monkeypatch.setattr(session, "open_database", open_fake)
    return fake
