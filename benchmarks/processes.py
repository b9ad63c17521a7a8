"""Running a command as a process of its own: how long it took, on the clock and of the processor, and its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import ROOT

NOTHING: Mapping[str, str] = {}

# The kernel counts what a process held before exec as its own, so a child of a large process looks as large. A small
# process in between starts the command, and its clock leaves out its own start.
_STOPWATCH = """
import json, resource, subprocess, sys, time
began_s = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
took_s = time.perf_counter() - began_s
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([took_s, used.ru_utime + used.ru_stime, used.ru_maxrss, done.returncode, done.stdout, done.stderr]))
"""


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """What became of a command."""

    #: on the clock
    seconds: float
    #: of all its threads; hardly depends on what else the machine does
    cpu_s: float
    peak_mb: float
    stdout: str
    stderr: str


def run(
    argv: Sequence[str | Path], data_dir: Path, *, codes: Sequence[int] = (0,), environment: Mapping[str, str] = NOTHING
) -> ProcessRun:
    """Run a command that uses this data folder and none of the caller's settings; it must end with one of the codes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOVEC_")}
    done = subprocess.run(
        [sys.executable, "-c", _STOPWATCH, *map(str, argv)],
        env={**kept, "EMOVEC_DATA_DIR": str(data_dir), "NO_COLOR": "1", **environment},
        cwd=data_dir.parent,  # no .env there
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, cpu_s, peak_kb, code, stdout, stderr = json.loads(done.stdout)
    if code not in codes:
        raise SystemExit(f"{' '.join(map(str, argv))[:200]} ended with {code}:\n{stdout[-2000:]}{stderr[-2000:]}")
    return ProcessRun(seconds, cpu_s, peak_kb * 1024 / 1e6, stdout, stderr)


def emovec(*words: str | Path) -> list[str | Path]:
    """The installed command."""
    return [Path(sys.executable).parent / "emovec", *words]


def python(code: str, *words: str | Path) -> list[str | Path]:
    """Code in a new interpreter, with the benchmarks to import."""
    return [sys.executable, "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{code}", *words]
