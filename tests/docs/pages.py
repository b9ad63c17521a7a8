"""Reading the pages of the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block and the place of its text in the page."""

    language: str
    text: str
    start: int
    end: int


@cache
def pages() -> tuple[Path, ...]:
    """Every Markdown page that belongs to the project."""
    own = [path for path in ROOT.iterdir() if path.name not in foreign_folders() and not path.name.startswith(".")]
    below = (page for folder in own if folder.is_dir() for page in folder.rglob("*.md") if not _is_foreign(page))
    return tuple(sorted({path.resolve() for path in (*ROOT.glob("*.md"), *below)}))


def _is_foreign(page: Path) -> bool:
    return not foreign_folders().isdisjoint(page.relative_to(ROOT).parts)


def foreign_folders() -> set[str]:
    """Top-level folders that the project makes or that git ignores."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line.strip("/") for line in lines if line.endswith("/")}


def read(page: str) -> str:
    """A page's text, by its path from the root."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[Block]:
    """The fenced blocks of a language, in order."""
    found = _BLOCK.finditer(text)
    return [Block(one[1], one[2], one.start(2), one.end(2)) for one in found if one[1] == language]


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next one of the same level."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading {title!r}"
    return found[2]


def table(text: str) -> list[list[str]]:
    """Cells of the first table in `text`, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
