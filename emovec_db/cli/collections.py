"""`emovec collections`: which collections there are."""

from __future__ import annotations

from emovec_db.cli.options import JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table
from emovec_db.cli.session import opened
from emovec_db.cli.text import duration, printable

app = group()


@app.command(epilog=examples("emovec collections", "emovec collections --json"))
def collections(as_json: JsonOption = False) -> None:
    """List collections and how much is in them."""
    with opened() as database:
        summaries = database.collections()
    if as_json:
        from emovec_db.documents import collection_document

        print_json([collection_document(summary) for summary in summaries])
        return
    if not summaries:
        console().print("No collections yet: emovec ingest FOLDER makes one.")
        return
    rows = table(
        "collection", "recordings", "utterances", "sound", "customers", "failed", "encoder",
        right=("recordings", "utterances", "sound", "customers", "failed"), gives_way={"collection": 10, "encoder": 16},
    )  # fmt: skip
    for summary in summaries:
        rows.add_row(
            printable(summary.collection.name),
            f"{summary.recordings:,}",
            f"{summary.utterances:,}",
            duration(summary.duration_s),
            f"{summary.customers:,}",
            f"{summary.failures:,}",
            printable(summary.collection.generation.encoder.encoder_id),
        )
    console().print(rows)
