"""Builds that are kept: each in a process of its own, and only whole ones, so that a stopped run goes on."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.engines.catalogue import ENGINES
from benchmarks.engines.engine import Engine

TOOK = "took.json"


@dataclass(frozen=True, slots=True)
class Build:
    """What building one engine took, now or in an earlier run."""

    folder: Path
    seconds: float
    disk_bytes: int


def built(engine: Engine, base: Path, count: int, below: Path) -> Build:
    """The engine's index of the first rows of base.npy, in a folder of its version below this one."""
    folder = below / engine.title().replace(" ", "-")
    if not (folder / TOOK).exists():
        print(f"building {engine.title()}", file=sys.stderr, flush=True)
        part = below / f"{folder.name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        process = get_context("spawn").Process(target=_build, args=(engine.name, base, count, part))
        process.start()
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"building {engine.title()} failed; what was built before it is kept")
        part.rename(folder)
    return Build(folder, **json.loads((folder / TOOK).read_text(encoding="utf-8")))


def _build(name: str, base: Path, count: int, folder: Path) -> None:
    os.dup2(2, 1)  # standard output is the report's
    vectors = np.array(np.load(base, mmap_mode="r")[:count])  # voyager takes no maps of files
    seconds, disk_bytes = ENGINES[name].build(vectors, folder)
    took = asdict(Build(folder, seconds, disk_bytes))
    del took["folder"]
    (folder / TOOK).write_text(json.dumps(took), encoding="utf-8")
