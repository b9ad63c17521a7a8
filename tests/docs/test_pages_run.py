"""What the pages show runs: commands print what they say, programs and requests work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT, require
from tests.docs.pages import Block, blocks, pages, read
from tests.docs.sessions import PAGES, Place, masked, newcomer, steps

CONSOLE = [(page, block) for page in PAGES for block in blocks(read(page), "console")]
PYTHON = [
    (page.relative_to(ROOT).as_posix(), block)
    for page in pages()
    for block in blocks(page.read_text(encoding="utf-8"), "python")
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require(shutil.which("curl"), "curl is not installed: `apt install curl`")
    with newcomer(tmp_path_factory.mktemp("newcomer")) as ready:
        yield ready


def place_in_page(value: object) -> str:
    return value.text.splitlines()[0] if isinstance(value, Block) else str(value)


@pytest.mark.parametrize(("page", "block"), CONSOLE, ids=place_in_page)
def test_console_blocks_print_what_they_say(page: str, block: Block, place: Place) -> None:
    for step in steps(block):
        printed = place.run(step.command)
        if step.output:
            assert masked(printed) == masked(step.output), "python -m tests.docs.sessions writes the pages' output anew"


@pytest.mark.parametrize(("page", "block"), PYTHON, ids=place_in_page)
def test_python_blocks_run(page: str, block: Block, place: Place) -> None:
    place.run_python(block.text)


def test_all_pages_with_console_blocks_are_run() -> None:
    with_console = {page for page in pages() if blocks(page.read_text(encoding="utf-8"), "console")}

    assert with_console == {ROOT / page for page in PAGES}


def test_what_differs_by_machine_is_masked_and_nothing_else() -> None:
    assert masked("x  12.5 %  ███▌  a@1+0123456789ab:fp32") == masked("x  7 %  █  a@1+ba9876543210:fp32 ")
    assert masked("angry 12") != masked("happy 12")
