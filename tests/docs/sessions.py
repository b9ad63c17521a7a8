"""Console blocks, ``$ command`` and what it prints, run over the samples.

In them `emovec` is this tree's, and `curl` asks a server over the same folder. Numbers, hashes, bars and the distances
between columns may differ from machine to machine and are not compared.

``python -m tests.docs.sessions`` writes the pages' output anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.docs.pages import Block, blocks, read

SAMPLES_PATTERN = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"
#: what the pages call the server
ADDRESS = "http://127.0.0.1:7860"
PAGES = ("README.md", "docs/http.md", "docs/storage.md")
_TOOLS = """
emovec() { "$PYTHON" -m emovec_db "$@"; }
python() { "$PYTHON" "$@"; }
curl() { command curl --silent --show-error --fail-with-body "$@"; }
set -e
"""


@dataclass(frozen=True)
class Step:
    """A command of a console block, and what the page says that it prints."""

    command: str
    output: str


@dataclass(frozen=True)
class Place:
    """A folder as a newcomer has it after `make run`: samples/, and their data in emovec-data/."""

    folder: Path
    server: str

    def run(self, command: str) -> str:
        """What a shell command prints on stdout; asserts that it succeeds."""
        script = _TOOLS + command.replace(ADDRESS, self.server)
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=_environment(), check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())

    def run_python(self, code: str) -> None:
        """Run Python code with warnings as errors; asserts that it succeeds."""
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOVEC_")}
    ours = {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "COLUMNS": "110", "NO_COLOR": "1"}
    return {**kept, **ours}


@contextmanager
def newcomer(folder: Path) -> Iterator[Place]:
    """Ingest the samples as `make run` does, and serve them at a free port."""
    (folder / "samples").symlink_to(ROOT / "samples")
    Place(folder, "").run(f"emovec ingest samples --customer-from '{SAMPLES_PATTERN}'")
    command = [sys.executable, "-m", "emovec_db", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as serving:
        try:
            assert serving.stdout is not None
            ready = re.search(r"ready: (\S+)", serving.stdout.readline())
            assert ready is not None, "the server did not start"
            urllib.request.urlopen(f"{ready[1]}/readyz").close()
            yield Place(folder, ready[1])
        finally:
            serving.terminate()


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        command = re.match(r"(?:.*\\\n)*.*\n", part)
        assert command is not None
        found.append(Step(command[0].rstrip("\n"), part[command.end() :]))
    return found


def masked(output: str) -> str:
    """Without what may differ from machine to machine."""
    patterns = {r"\b[0-9a-f]{12,}\b": "0", r"[█▉▊▋▌▍▎▏]+": "█", r"\d+(\.\d+)?": "0", r"[ ─]+": " "}
    for pattern, stand_in in patterns.items():
        output = re.sub(pattern, stand_in, output)
    return "\n".join(line.strip() for line in output.strip().splitlines())


def renewed(text: str, place: Place) -> str:
    """A page with the output that its commands give now; commands without output stay without."""
    for block in reversed(blocks(text, "console")):
        done = [(step, place.run(step.command)) for step in steps(block)]
        shown = "".join(f"$ {step.command}\n{output if step.output else ''}" for step, output in done)
        text = text[: block.start] + shown + text[block.end :]
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, newcomer(Path(name)) as place_now:
        for page in PAGES:
            (ROOT / page).write_text(renewed(read(page), place_now), encoding="utf-8")
