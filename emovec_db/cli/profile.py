"""`emovec profile`: a customer's emotion over a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, SpaceOption, examples, group, time_option
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which time the profile covers, and in which steps it is told."""

    period: Annotated[Literal["day", "week", "month"], typer.Option(help="Step of the trend.")] = "week"
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded at or after, ISO 8601.")] = None
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded before, ISO 8601.")] = None


@app.command(epilog=examples("emovec profile c42", "emovec profile c42 --period month --since 2026-01-01 --json"))
@with_options(span=Span)
def profile(
    span: Span,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Whose recordings.", show_default=False)],
    space: SpaceOption = "embedding",
    shown: Annotated[
        int, typer.Option("--examples", metavar="NUMBER", min=0, help="How many typical and unusual recordings.")
    ] = 5,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Show a customer's emotions and how they change."""
    with opened() as database:
        zone = database.settings.zone
        stored = database.collection(collection)
        with working("Profiling"):
            found = stored.profile(
                customer,
                period=span.period,
                since=time_option(span.since, zone),
                until=time_option(span.until, zone),
                space=space,
                examples=shown,
            )
        if as_json:
            from emovec_db.documents import profile_document

            print_json(profile_document(found))
            return
        from emovec_db.cli.encoder_remark import encoder_remark
        from emovec_db.cli.profile_view import profile_view

        screen = console()
        screen.print(profile_view(found, zone))
        screen.print(encoder_remark(stored))
