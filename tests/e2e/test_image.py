"""The commands that the Dockerfile runs give an environment that has the whole product and nothing of the tests."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT, require
from tests.dockerfile import stages

BUILD, FINAL = stages(ROOT / "Dockerfile")
PREFIX = "/opt/emovec"

pytestmark = pytest.mark.timeout(900)  # the set-up downloads some fifty packages


def has_package_index() -> bool:
    """Whether pip can download."""
    probe = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "tzdata", "--dest"]
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / "emovec-index-probe"
    try:
        return subprocess.run([*probe, folder], check=False, capture_output=True).returncode == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy(sources: Sequence[str], target: str, work: Path) -> None:
    """COPY of paths below the root of the source tree; the end of `target` decides as in Docker."""
    for source in sources:
        origin = ROOT / source
        if origin.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin, work / target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            destination = work / target / origin.name if target.endswith("/") else work / target
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, destination)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build stage's environment, made by its own COPY and RUN lines in a folder instead of /."""
    require(has_package_index(), "no package index can be reached")
    root = tmp_path_factory.mktemp("image")
    work, result = root / "src", root / "opt"
    work.mkdir()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_USER": "0"}
    for name, rest in BUILD:
        if name == "COPY":
            *sources, target = shlex.split(rest)
            copy(sources, target, work)
        elif name == "RUN":
            # the cache is the machine's: a container has none to use
            command = rest.replace(PREFIX, str(result)).replace("--no-cache-dir ", "")
            done = subprocess.run(command, shell=True, cwd=work, env=environment, check=False, capture_output=True)
            assert done.returncode == 0, done.stderr.decode()
        else:
            assert (name, rest) == ("WORKDIR", "/src")
    return result


@pytest.fixture
def emovec(prefix: Path, tmp_path: Path) -> list[str]:
    """The image's command, with a data folder of the test's own."""
    entry = json.loads(dict(FINAL)["ENTRYPOINT"])
    clean = [f"PATH={prefix}/bin:/usr/bin:/bin", f"EMOVEC_DATA_DIR={tmp_path / 'data'}", f"HOME={tmp_path}"]
    return ["env", "-i", *clean, *entry]


def test_environment_is_complete_and_small(prefix: Path) -> None:
    python = prefix / "bin" / "python"
    assert subprocess.run([python, "-m", "pip", "check"], check=False).returncode == 0
    for absent in ("torch", "pytest", "api", "migrations"):
        imported = subprocess.run([python, "-c", f"import {absent}"], check=False, cwd=prefix, capture_output=True)
        assert f"No module named '{absent}'" in imported.stderr.decode()


def test_final_stage_takes_the_environment_as_it_is() -> None:
    assert ("COPY", f"--from=build {PREFIX} {PREFIX}") in FINAL


def test_database_is_made_and_recordings_are_found(prefix: Path, emovec: list[str], tmp_path: Path) -> None:
    samples = prefix / "lib" / f"python3.{sys.version_info.minor}" / "site-packages" / "emovec_db" / "samples"
    subprocess.run([*emovec, "migrate"], check=True, cwd=tmp_path, capture_output=True)
    ingested = subprocess.run(
        [*emovec, "ingest", samples / "conor", "--json"], check=True, cwd=tmp_path, capture_output=True
    )
    assert json.loads(ingested.stdout)["ingested"] == 8

    clip = samples / "conor" / "2026-03-10_account.flac"
    found = subprocess.run(
        [*emovec, "search", clip, "-k", "1", "--json"], check=True, cwd=tmp_path, capture_output=True
    )
    assert json.loads(found.stdout)["matches"][0]["uri"] == clip.as_uri()
