"""ARCHITECTURE.md names tests, layers, folders, files and decisions that exist, and all of them."""

from __future__ import annotations

import ast
import configparser
import re

from tests.conftest import ROOT
from tests.docs.pages import foreign_folders, read, section

PAGE = read("ARCHITECTURE.md")
INVARIANTS = re.findall(r"^- (.*?)(?=^- |^\*\*|\Z)", section(PAGE, "Invariants"), re.MULTILINE | re.DOTALL)
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def defined_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_invariant_names_a_test() -> None:
    assert len(INVARIANTS) > 30
    assert [invariant for invariant in INVARIANTS if not TEST_NAME.search(invariant)] == []


def test_the_tests_of_the_invariants_exist() -> None:
    named = TEST_NAME.findall(PAGE)

    assert len(named) >= len(INVARIANTS)
    assert [(file, name) for file, name in named if name not in defined_in(file)] == []


def test_all_layers_are_told_from_top_to_bottom() -> None:
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter", encoding="utf-8")
    layers = linter["importlinter:contract:layers"]["layers"].split("\n")
    rows = re.findall(r"^\| (`.*?`) \|", section(PAGE, "Layers"), re.MULTILINE)

    assert [re.findall(r"`(\w+)`", row) for row in rows] == [
        re.split(r" [|:] ", layer) for layer in map(str.strip, layers) if layer
    ]


def test_all_top_level_folders_are_told() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    rows = re.findall(r"^\| (`.*?/.*?`) \|", section(PAGE, "Where to put what"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)/", row)}

    assert folders - foreign_folders() <= told


def test_files_and_folders_that_are_named_exist() -> None:
    named = set(re.findall(r"`((?:emovec_db|api|migrations|tests|tools|docs)/[\w/.-]*)`", PAGE))

    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_modules_in_the_diagrams_exist() -> None:
    named = set(
        re.findall(
            r"(?<![\w/`])((?:audio|sources|services|encoder|speech|store)/[\w/.]*)", section(PAGE, "How data flows")
        )
    )

    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / "emovec_db" / name).exists()] == []


def test_decisions_have_numbers_of_their_own_and_are_listed() -> None:
    files = sorted(path.name for path in (ROOT / "docs" / "decisions").iterdir())
    lines = section(PAGE, "Decisions").strip().splitlines()
    listed = [re.match(r"- \[(\d{3})\]\(docs/decisions/([\w-]+\.md)\) ", line) for line in lines]
    shown = [(one[1], one[2]) for one in listed if one is not None]

    assert len(shown) == len(lines)
    assert [file for _, file in shown] == files
    assert len({file[:3] for file in files}) == len(files)
    assert all(number == file[:3] for number, file in shown)


def test_decisions_name_tests_that_exist() -> None:
    for path in (ROOT / "docs" / "decisions").iterdir():
        for named in re.findall(r"`(tests/[\w/.]+)`", path.read_text(encoding="utf-8")):
            assert (ROOT / named).exists(), (path.name, named)
