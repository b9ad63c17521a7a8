"""`emovec profile` and `emovec compare-customers`: customers' emotion over a period."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any, Literal

import typer

from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, SearchSpaceOption, examples, group, time_option
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.errors import QueryError

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which time is profiled, in which steps it is told, and what of it is new."""

    period: Annotated[Literal["day", "week", "month"], typer.Option(help="Step of the trend.")] = "week"
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded at or after, ISO 8601.")] = None
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded before, ISO 8601.")] = None
    recent_since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Hold recordings from then on against those before. Left out: the newest quarter.",
            show_default=False,
        ),
    ] = None

    def as_keywords(self, zone: tzinfo) -> dict[str, Any]:
        """For the collection; times in `zone` where they name none."""
        return {
            "period": self.period,
            "since": time_option(self.since, zone),
            "until": time_option(self.until, zone),
            "recent_since": time_option(self.recent_since, zone),
        }


@app.command(
    epilog=examples(
        "emovec profile c42",
        "emovec profile c42 --period month --since 2026-01-01 --json",
        "emovec profile c42 --recent-since 2026-03-01 --csv > c42.csv",
    )
)
@with_options(span=Span)
def profile(
    span: Span,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Whose recordings.", show_default=False)],
    space: SearchSpaceOption = None,
    shown: Annotated[
        int, typer.Option("--examples", metavar="NUMBER", min=0, help="How many typical and unusual recordings.")
    ] = 5,
    collection: CollectionOption = "default",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for spreadsheets and nothing else.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a customer's emotions and how they change."""
    if as_csv and as_json:
        raise QueryError("--csv and --json were both given: expected one of them")
    with opened() as database:
        zone = database.settings.zone
        stored = database.collection(collection)
        with working("Profiling"):
            found = stored.profile(customer, space=space, examples=shown, **span.as_keywords(zone))
        if as_json:
            from emovec_db.documents import profile_document

            print_json(profile_document(found))
            return
        if as_csv:
            from emovec_db.documents import profile_table

            # as bytes: the table is UTF-8 and says so, whatever the terminal's encoding
            sys.stdout.flush()
            sys.stdout.buffer.write(profile_table(found).encode())
            return
        from emovec_db.cli.encoder_remark import encoder_remark
        from emovec_db.cli.profile_view import profile_view

        screen = console()
        screen.print(profile_view(found, zone))
        screen.print(encoder_remark(stored))


@app.command(
    "compare-customers",
    epilog=examples("emovec compare-customers c42 c7", "emovec compare-customers c42 c7 --since 2026-01-01 --json"),
)
@with_options(span=Span)
def compare_customers(
    span: Span,
    first: Annotated[str, typer.Argument(metavar="CUSTOMER", help="One customer.", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another.", show_default=False)],
    space: SearchSpaceOption = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Show how the emotions of two customers differ."""
    with opened() as database:
        stored = database.collection(collection)
        with working("Comparing"):
            found = stored.compare_customers(first, second, space=space, **span.as_keywords(database.settings.zone))
        if as_json:
            from emovec_db.documents import comparison_document

            print_json(comparison_document(found))
            return
        from emovec_db.cli.encoder_remark import encoder_remark
        from emovec_db.cli.profile_view import comparison_view

        screen = console()
        screen.print(comparison_view(found))
        screen.print(encoder_remark(stored))
