"""What the code imports is declared, and what is declared is locked."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: installed by the Makefile, in the build that suits the machine
UNLOCKED = {"torch"}
#: whose distributions are called otherwise and are in no lock, so that nothing here tells
DISTRIBUTIONS = {"pyannote": "pyannote-audio"}
#: extras that the tests use
IN_DEV_LOCK = ("postgres", "dev", "emotion2vec", "parquet", "cleaning", "cluster", "remote")


def locked(name: str) -> dict[str, str]:
    """Version of each package in a lock file."""
    text = (ROOT / "requirements" / name).read_text()
    return {canonicalize_name(package): version for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)}


def third_party_imports(top: str) -> dict[str, str]:
    """Top-level names that the modules below `top` import from elsewhere, and a file that does."""
    found: dict[str, str] = {}
    for folder, _, files in os.walk(ROOT / top, followlinks=True):
        for file in (Path(folder, name) for name in files if name.endswith(".py")):
            found |= dict.fromkeys(imported(ast.parse(file.read_text())), str(file.relative_to(ROOT)))
    ours = {"emovec_db", "tests", "tools", "benchmarks"}
    return {name: file for name, file in found.items() if name not in sys.stdlib_module_names | ours}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


@pytest.mark.parametrize(
    ("top", "lock", "beside"),
    [
        ("emovec_db", "base.lock", names([one for extra in EXTRAS if extra != "dev" for one in EXTRAS[extra]])),
        ("tests", "dev.lock", UNLOCKED),
        ("tools", "dev.lock", UNLOCKED),
        ("benchmarks", "dev.lock", UNLOCKED),
    ],
)
def test_imports_are_locked(top: str, lock: str, beside: set[str]) -> None:
    available = set(locked(lock)) | beside
    distributions = {name: [distribution] for name, distribution in DISTRIBUTIONS.items()} | packages_distributions()
    undeclared = {
        f"{name} in {file}"
        for name, file in third_party_imports(top).items()
        if not {canonicalize_name(distribution) for distribution in distributions.get(name, [name])} & available
    }
    assert undeclared == set()


def test_imports_are_seen() -> None:
    assert {"numpy", "flask", "sqlalchemy"} <= set(third_party_imports("emovec_db"))


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("base.lock", [*PROJECT["dependencies"], *EXTRAS["postgres"]]),
        (
            "dev.lock",
            [*PROJECT["dependencies"], *(one for extra in IN_DEV_LOCK for one in EXTRAS[extra])],
        ),
    ],
)
def test_lock_satisfies_what_is_declared(lock: str, requirements: list[str]) -> None:
    versions = locked(lock)
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        if name not in UNLOCKED:
            assert requirement.specifier.contains(versions[name], prereleases=True), str(requirement)


def test_dev_lock_has_the_versions_of_the_base_lock() -> None:
    assert locked("base.lock").items() <= locked("dev.lock").items()


@pytest.mark.parametrize("lock", ["base.lock", "dev.lock"])
def test_lock_names_no_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert re.findall(r"^\s*--(?!hash=).*|.*(?:://|find-links|index-url).*", text, re.M) == []
