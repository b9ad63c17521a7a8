"""`emovec generations list | switch | drop`: what a collection is encoded by, was, and will be."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from emovec_db.cli.options import CollectionOption, JsonOption, YesOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, printable
from emovec_db.errors import QueryError

HELP = "List what a collection was encoded by, go back to it, or drop it."

app = group()

GenerationArgument = Annotated[int, typer.Argument(metavar="ID", help="Of the generation.", show_default=False)]


@app.callback(invoke_without_command=True, epilog=examples("emovec generations list"))
def generations(context: typer.Context) -> None:
    """List what a collection was encoded by, go back to it, or drop it."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", epilog=examples("emovec generations list", "emovec generations list --collection calls --json"))
def list_generations(collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """List generations: which one serves, which are kept, which one is being built."""
    with opened() as database:
        summaries = database.collection(collection).generations.list()
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import generation_document

        print_json([generation_document(summary) for summary in summaries])
        return
    from emovec_db.cli.reencode_view import generations_table

    console().print(generations_table(summaries, zone))


@app.command(epilog=examples("emovec generations switch 1", "emovec generations switch 1 --collection calls"))
def switch(
    generation_id: GenerationArgument, collection: CollectionOption = "default", as_json: JsonOption = False
) -> None:
    """Serve from another generation that has all recordings, such as the previous one."""
    with opened() as database:
        generation = database.collection(collection).generations.switch(generation_id)
    if as_json:
        print_json({"generation": generation_id, "encoder": generation.encoder.encoder_id})
    else:
        encoder = printable(generation.encoder.encoder_id)
        console().print(f"Collection {printable(collection)} serves from generation {generation_id}: {encoder}.")


@app.command(epilog=examples("emovec generations drop 1", "emovec generations drop 2 --collection calls --yes --json"))
def drop(
    generation_id: GenerationArgument,
    yes: YesOption = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Delete a generation that does not serve, with its embeddings; recordings stay."""
    if not yes:
        what = f"generation {generation_id} of collection {printable(collection)}"
        if as_json or not sys.stdin.isatty():
            raise QueryError(f"nothing was dropped: say --yes to drop {what} without being asked")
        if not typer.confirm(f"Drop {what}? To have it again, everything is encoded again.", err=True):
            raise typer.Exit
    with opened() as database, working("Dropping"):
        recordings = database.collection(collection).generations.drop(generation_id)
    if as_json:
        print_json({"generation": generation_id, "recordings": recordings})
    else:
        console().print(f"Dropped generation {generation_id}, which held {count(recordings, 'recording')}.")
