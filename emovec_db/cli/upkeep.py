"""`emovec check`, `audit`, `reindex` and `migrate`: keeping a database sound."""

from __future__ import annotations

from typing import Annotated

import typer

from emovec_db.cli import exit_codes
from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, printable

app = group()


@app.command(epilog=examples("emovec check", "emovec check --repair", "emovec check --collection calls --json"))
def check(
    repair: Annotated[bool, typer.Option("--repair", help="Build the indexes anew where they are wrong.")] = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Check that index and database say the same.

    The exit code is 1 if they do not."""
    with opened() as database, working("Checking"):
        report = database.collection(collection).check(repair=repair)
    if as_json:
        from emovec_db.documents import check_document

        print_json(check_document(report))
    else:
        screen = console()
        screen.print(
            f"{count(report.recordings, 'recording')}, {count(report.utterances, 'utterance')}, "
            f"{report.indexed:,} in the index."
        )
        for problem in report.problems:
            screen.print(f"! {printable(problem)}", style="yellow")
        screen.print(
            "All is consistent." if report.consistent else "emovec check --repair mends the indexes.", style="bold"
        )
    if not report.consistent:
        raise typer.Exit(exit_codes.FAILED)


@app.command(epilog=examples("emovec audit --sample 200", "emovec audit --collection calls --json"))
def audit(
    collection: CollectionOption = "default",
    sample: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many utterances to encode again.")] = 200,
    seed: Annotated[int, typer.Option(metavar="NUMBER", min=0, help="Which ones: the same seed, the same sample.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Encode stored utterances again and say how far the stored numbers are off."""
    with opened() as database, working("Encoding again"):
        report = database.collection(collection).audit(sample=sample, seed=seed)
    if as_json:
        from emovec_db.documents import audit_document

        print_json(audit_document(report))
        return
    screen = console()
    encoded = count(report.utterances, "utterance")
    screen.print(f"{encoded} encoded again; of {report.gone:,} the file is gone or changed.")
    if report.decoded_otherwise:
        told = count(report.decoded_otherwise, "utterance")
        screen.print(f"! the files of {told} decode to other samples than when they were ingested", style="yellow")
    if report.min_cosine is not None:
        screen.print(f"Greatest deviation of a number in an embedding  {report.max_embedding_deviation:.2e}")
        screen.print(f"Greatest deviation of a score                   {report.max_score_deviation:.2e}")
        screen.print(f"Least cosine to the stored embedding            {report.min_cosine:.6f}")


@app.command(epilog=examples("emovec reindex", "emovec reindex --collection calls --json"))
def reindex(collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """Build the index anew from the database."""
    with opened() as database, working("Indexing"):
        indexed = database.collection(collection).reindex()
    if as_json:
        print_json({"indexed": indexed})
    else:
        console().print(f"Indexed {count(indexed, 'vector')}.")


@app.command(epilog=examples("emovec migrate", "emovec migrate --revision 0001 --json"))
def migrate(
    revision: Annotated[str, typer.Option(metavar="REVISION", help="Schema to go to, up or down.")] = "head",
    as_json: JsonOption = False,
) -> None:
    """Bring the database to the schema of this version."""
    from emovec_db.settings import read_settings
    from emovec_db.store import schema

    with working("Migrating"):
        before, after = schema.migrate(read_settings().resolved_database_url, revision)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        console().print(f"The schema is at {after} already.")
    else:
        console().print(f"The schema went from {before or 'nothing'} to {after}.")
