"""Runs the installed command the way a user's shell does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Emovec:
    """The command with a data folder of its own."""

    data_dir: Path
    database_url: str | None = None
    broker_url: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOVEC_")}
        urls = {"EMOVEC_DATABASE_URL": self.database_url, "EMOVEC_BROKER_URL": self.broker_url}
        named = {name: url for name, url in urls.items() if url is not None}
        return {**kept, "EMOVEC_DATA_DIR": str(self.data_dir), "NO_COLOR": "1", **named}

    def argv(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "emovec_db", *map(str, arguments)]

    def run(self, *arguments: str | Path, timeout_s: float = 240) -> Outcome:
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment,
            cwd=self.data_dir.parent,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The document, after checking the exit code."""
        outcome = self.run(*arguments, "--json")
        assert outcome.code == code, (outcome.code, outcome.stdout[-2000:], outcome.stderr[-2000:])
        return outcome.document

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment,
            cwd=self.data_dir.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
