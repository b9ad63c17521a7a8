"""`emovec count`: how much there is, and of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table
from emovec_db.cli.session import opened
from emovec_db.cli.text import count as counted
from emovec_db.cli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from emovec_db.domain.facets import FacetValue

app = group()


@app.command(
    epilog=examples(
        "emovec count", "emovec count --by label --by month --customer c7", "emovec count --where 'angry >= 0.6' --json"
    )
)
@with_options(conditions=Conditions)
def count(
    conditions: Conditions,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help="Tell it by label, customer, speaker, role, channel, voice or month; may be given again.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="Of each field at most so many values.")] = 20,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Count the utterances that filters let through."""
    with opened() as database:
        wanted = conditions.as_filter(database.settings.zone)
        stored = database.collection(collection)
        found, facets = stored.count(**wanted), stored.facets(*by or [], limit=limit, **wanted)
    if as_json:
        from emovec_db.documents import count_document

        print_json(count_document(found, facets))
        return
    screen = console()
    screen.print(f"{counted(found.utterances, 'utterance')} of {counted(found.recordings, 'recording')}.")
    for field, values in facets.items():
        screen.print(_values_table(field, values))


def _values_table(field: str, values: Sequence[FacetValue]) -> Table:
    rows = table(field, "utterances", "recordings", right=("utterances", "recordings"))
    for one in values:
        rows.add_row(printable(one.value or "–"), f"{one.count.utterances:,}", f"{one.count.recordings:,}")
    return rows
