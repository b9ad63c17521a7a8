"""`emovec customers`: whose emotion is stored, at a glance."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table
from emovec_db.cli.session import opened
from emovec_db.cli.text import duration, moment, printable, short_emotion, sparkline, whole_percent

if TYPE_CHECKING:
    from rich.table import Table

    from emovec_db.domain.customers import CustomerOverview, NegativeTrend

app = group()

_DIRECTIONS = {"rising": "↗ rising", "falling": "↘ falling", "steady": "→ steady", "unknown": "– too few"}


@app.command(
    epilog=examples(
        "emovec customers", "emovec customers --sort angry --limit 10", "emovec customers --containing ann --json"
    )
)
def customers(
    sort: Annotated[
        str,
        typer.Option(
            metavar="ORDER",
            help="By name, or the greatest first by recordings, last_recorded_at, or a label's mean score: angry.",
        ),
    ] = "name",
    containing: Annotated[
        str, typer.Option(metavar="TEXT", help="Only names that hold it, in capitals or not.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, max=500, help="How many at most.")] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier list; it named the cursor.")
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """List customers: their emotions, and how these went of late."""
    with opened() as database:
        zone, stored = database.settings.zone, database.collection(collection)
        page = stored.customers_overview(sort=sort, containing=containing, cursor=cursor, limit=limit)
        if as_json:
            from emovec_db.documents import customer_document, page_document

            print_json(page_document(page, customer_document))
            return
        from emovec_db.cli.encoder_remark import encoder_remark

        screen = console()
        screen.print(_customers_table(page.items, zone) if page.items else "No customers.")
        if page.next_cursor is not None:
            screen.print(f"\nThere are more: --cursor {shlex.quote(page.next_cursor)}", style="dim")
        screen.print(encoder_remark(stored))


def _customers_table(found: Sequence[CustomerOverview], zone: tzinfo) -> Table:
    rows = table(
        "customer", "recordings", "sound", "last recorded", "emotion", "score", "negative of late",
        right=("recordings", "sound", "score"), gives_way={"customer": 8},
    )  # fmt: skip
    for one in found:
        figures = one.figures
        rows.add_row(
            printable(one.customer),
            f"{figures.recordings:,}",
            duration(figures.duration_s),
            moment(figures.last_recorded_at, zone),
            short_emotion(one.label),
            whole_percent(figures.scores[one.label]),
            _of_late(one.trend),
        )
    return rows


def _of_late(trend: NegativeTrend) -> str:
    """For example ``▁▂▅▇ ↗ rising``: a mark for each week that has recordings."""
    return f"{sparkline([week.negative for week in trend.weeks])} {_DIRECTIONS[trend.direction]}".strip()
