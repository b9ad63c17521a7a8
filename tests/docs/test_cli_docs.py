"""docs/cli.md and the commands' help say the same, and every help has an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.main import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
FILTERS = {f"--{name.replace('_', '-')}" for name in Conditions.__dataclass_fields__}


def commands_below(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_below(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands_below(get_command(app), "emovec"))
SECTIONS = dict(re.findall(r"^## (emovec [a-z -]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def named_in(section: str) -> set[str]:
    """Options that a section's table names, the filters' too where it refers to them."""
    table = "\n".join(line for line in section.partition("### ")[0].splitlines() if line.startswith("| `"))
    first_cells = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    options = {option for cell in first_cells for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", cell)}
    return options | (FILTERS if "#filters" in section else set())


def examples_in(text: str, indent: str) -> list[str]:
    return re.findall(rf"^{indent}(emovec .*)$", text, re.MULTILINE)


def test_the_page_has_a_section_for_each_command() -> None:
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_is_documented(name: str) -> None:
    options = [parameter for parameter in COMMANDS[name].params if parameter.param_type_name == "option"]

    assert named_in(SECTIONS[name]) == {option.opts[0] for option in options} - {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_argument_is_documented(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            assert f"`{parameter.metavar}`" in SECTIONS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_says_what_for_and_gives_the_pages_examples(name: str) -> None:
    command = COMMANDS[name]
    examples = examples_in(command.epilog, "  ")

    assert command.help
    assert all(parameter.help for parameter in command.params)
    assert examples
    assert all(example.startswith(name) for example in examples)
    assert examples_in(SECTIONS[name], "    ") == examples


def test_all_filters_are_documented() -> None:
    table = PAGE.partition("### Filters")[2].partition("\n## ")[0]

    assert set(re.findall(r"`(--[a-z-]+)", table)) == FILTERS
