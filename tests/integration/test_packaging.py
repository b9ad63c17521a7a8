"""Source tree, editable install and wheel have the same modules under the same names, and no others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import emovec_db
from tests.conftest import ROOT

PACKAGE = ROOT / "emovec_db"
LINKED = ("api", "migrations", "samples")

DESCRIBE = """
import importlib.util, json, pkgutil
import emovec_db, emovec_db.api, emovec_db.migrations
names = sorted(module.name for module in pkgutil.walk_packages(emovec_db.__path__, "emovec_db."))
files = [module.__file__ for module in (emovec_db, emovec_db.api, emovec_db.migrations)]
generic = [name for name in ("api", "migrations", "samples", "tools", "tests") if importlib.util.find_spec(name)]
print(json.dumps({"names": names, "files": files, "generic": generic}))
"""


def source_files() -> set[str]:
    """Files of the package in the source tree, through the links, as paths below its parent."""
    found = set()
    for folder, _, names in os.walk(PACKAGE, followlinks=True):
        if "__pycache__" not in folder:
            found |= {(Path(folder) / name).relative_to(ROOT).as_posix() for name in names}
    return found


def run(command: list[str | Path], folder: Path) -> str:
    """Standard output of a command that must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("EMOVEC_", "PYTHON"))}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT], folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


def environment(folder: Path, *what: str | Path) -> Path:
    """A fresh environment's bin folder, with `what` installed and this environment's packages as dependencies."""
    venv.create(folder, symlinks=True)
    base = {"base": str(folder), "platbase": str(folder)}
    (Path(sysconfig.get_path("purelib", vars=base)) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "bin" / "python"
    run([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", *what], folder)
    return folder / "bin"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("installed"), wheel)


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("editable"), "--editable", ROOT)


def test_every_folder_of_modules_is_a_package() -> None:
    """Tools that read the source (grimp, mypy) pass over a folder without __init__.py."""
    folders = {Path(file).parent for file in source_files() if file.endswith(".py")}
    folders.discard(Path("emovec_db/migrations/versions"))  # alembic loads its files by path
    assert [folder for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("name", LINKED)
def test_links_are_relative_and_lead_to_the_top_level(name: str) -> None:
    assert (PACKAGE / name).readlink() == Path("..") / name


def test_wheel_has_every_file_of_the_package_and_nothing_beside_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    metadata = f"emovec_db-{emovec_db.__version__}.dist-info"

    assert {name.partition("/")[0] for name in names} == {"emovec_db", metadata}
    assert {name for name in names if not name.startswith(metadata)} == source_files()
    assert f"{metadata}/licenses/LICENSE" in names
    assert f"{metadata}/licenses/emovec_db/encoder/weights/LICENSE" in names


def test_sdist_has_the_package_without_links(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        members = archive.getmembers()
    top = f"emovec_db-{emovec_db.__version__}/"

    assert [member.name for member in members if not member.isfile()] == []
    assert {member.name.removeprefix(top) for member in members} >= source_files()


def test_same_names_in_source_tree_editable_install_and_wheel(installed: Path, editable: Path, tmp_path: Path) -> None:
    from_wheel = json.loads(run([installed / "python", "-c", DESCRIBE], tmp_path))
    from_editable = json.loads(run([editable / "python", "-c", DESCRIBE], tmp_path))
    from_source = json.loads(run([sys.executable, "-c", DESCRIBE], ROOT))

    assert len(from_source["names"]) > 100
    assert from_wheel["names"] == from_editable["names"] == from_source["names"]
    assert from_editable["files"] == from_source["files"]
    assert all(Path(file).is_relative_to(installed.parent) for file in from_wheel["files"])
    assert from_wheel["generic"] == []


def test_installed_command_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "Usage: emovec" in run([installed / "emovec", "--help"], tmp_path)

    samples = Path(
        run([installed / "python", "-c", "import emovec_db; print(emovec_db.__path__[0])"], tmp_path).strip(), "samples"
    )
    [result] = json.loads(
        run([installed / "emovec", "classify", samples / "amara" / "2026-03-26_complaint.webm", "--json"], tmp_path)
    )
    assert result["label"] == "angry"
