"""`emovec compare`: how alike two recordings are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emovec_db.cli.options import JsonOption, SpaceOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import bar, printable

app = group()


@app.command(epilog=examples("emovec compare a.wav b.wav", "emovec compare a.wav b.mp3 --space scores --json"))
def compare(
    first: Annotated[Path, typer.Argument(metavar="FILE", help="A recording.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="Another recording.", show_default=False)],
    space: SpaceOption = "embedding",
    as_json: JsonOption = False,
) -> None:
    """Say how similar the emotion in two recordings is.

    1 is the same, -1 the opposite. Nothing is stored."""
    with opened() as database:
        with working("Comparing"):
            similarity = database.compare(first, second, space=space)
        encoder_id, notice = database.encoder_id(), database.encoder_notice()
    if as_json:
        document = {"first": str(first), "second": str(second), "space": space, "similarity": similarity}
        print_json({**document, "encoder": encoder_id})
        return
    screen = console()
    screen.print(f"similarity {similarity:.3f}  {bar(similarity, 24)}", style="bold")
    screen.print(f"{printable(str(first))}  –  {printable(str(second))}  (space {printable(space)})", style="dim")
    if notice:
        screen.print(f"ⓘ {printable(notice)}", style="yellow")
