"""GLOSSARY.md speaks of what exists, and the code keeps to its words."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from emovec_db.emotions import LABELS
from tests.conftest import ROOT
from tests.docs.pages import read, table

ROWS = table(read("GLOSSARY.md"))
FORBIDDEN = {"util", "utils", "helper", "helpers", "manager", "misc"}


def resolved(dotted: str) -> object:
    """What stands at a path below emovec_db: a module, or something in one."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["emovec_db", *parts[:end]]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            found = getattr(found, name)
        return found
    raise AssertionError(f"nothing at emovec_db.{dotted}")


@pytest.mark.parametrize("dotted", sorted({row[2].strip("`") for row in ROWS}))
def test_what_a_word_refers_to_exists(dotted: str) -> None:
    assert resolved(dotted) is not None


def test_no_word_stands_twice() -> None:
    words = [word for row in ROWS for word in row[0].split(", ")]

    assert sorted(set(words)) == sorted(words)


def test_the_labels_are_those_of_the_code() -> None:
    (meaning,) = [row[1] for row in ROWS if row[0] == "label"]

    assert tuple(re.findall(r"[a-z]+", meaning.partition(".")[0].removeprefix("one of "))) == LABELS


def public_names(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {file.stem} | {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def words_of(name: str) -> set[str]:
    """``FileManager`` and ``file_manager`` are file, manager."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_no_name_says_nothing() -> None:
    files = [file for folder in ("emovec_db", "api", "migrations") for file in (ROOT / folder).rglob("*.py")]
    vague = {(file.name, name) for file in files for name in public_names(file) if words_of(name) & FORBIDDEN}

    assert len(files) > 100
    assert vague == set()
