"""`emovec jobs list | show | cancel | retry`: background work."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from emovec_db.cli.options import JsonOption, examples, group
from emovec_db.cli.output import console, print_json
from emovec_db.cli.session import opened

HELP = "List, look at, cancel and repeat background work."

app = group()

JobArgument = Annotated[int, typer.Argument(metavar="ID", help="Of the job.", show_default=False)]


@app.callback(invoke_without_command=True, epilog=examples("emovec jobs list"))
def jobs(context: typer.Context) -> None:
    """List, look at, cancel and repeat background work."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", epilog=examples("emovec jobs list", "emovec jobs list --collection calls --limit 5 --json"))
def list_jobs(
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many at most.")] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier list; it named the cursor.")
    ] = None,
    collection: Annotated[str | None, typer.Option(metavar="NAME", help="Only jobs of this collection.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List jobs, ingests among them, the newest first."""
    with opened() as database:
        page = database.jobs(collection=collection, cursor=cursor, limit=limit)
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import job_document, page_document

        print_json(page_document(page, job_document))
        return
    from emovec_db.cli.jobs_view import jobs_table

    screen = console()
    screen.print(jobs_table(page.items, zone) if page.items else "No jobs.")
    if page.next_cursor is not None:
        screen.print(f"\nThere are more: --cursor {shlex.quote(page.next_cursor)}", style="dim")


@app.command(epilog=examples("emovec jobs show 7", "emovec jobs show 7 --json"))
def show(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Show how far a job is, how fast, and what failed in it."""
    with opened() as database:
        job, items, errors = database.job(job_id), database.job_items(job_id), database.job_errors(job_id)
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import job_document

        print_json(job_document(job, items, errors))
        return
    from emovec_db.cli.jobs_view import job_view

    console().print(job_view(job, errors, zone))


@app.command(epilog=examples("emovec jobs cancel 7"))
def cancel(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Cancel a job that waits or runs.

    What is in hand is finished, what is stored stays; an upload that waits is dropped."""
    with opened() as database:
        job = database.cancel_job(job_id)
    if as_json:
        from emovec_db.documents import job_document

        print_json(job_document(job))
    else:
        console().print(f"Job {job_id} is cancelled.")


@app.command(epilog=examples("emovec jobs retry 7"))
def retry(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Try again what failed in a job, as a new job for a worker.

    For all that failed in a collection, here and now: emovec ingest --retry-failed."""
    with opened() as database:
        again = database.retry_job(job_id)
    if as_json:
        from emovec_db.documents import job_document

        print_json(job_document(again))
    else:
        console().print(f"Job {again.job_id} is queued; emovec serve or emovec worker does it.")
