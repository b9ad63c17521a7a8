"""`emovec clusters list | show | name | compare | delete`: stored K-Means runs."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count

HELP = "List stored K-Means runs, show, name, compare and delete them."

app = group()

RunArgument = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.", show_default=False)]


@app.callback(invoke_without_command=True, epilog=examples("emovec clusters list"))
def clusters(context: typer.Context) -> None:
    """List stored K-Means runs, show, name, compare and delete them."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", epilog=examples("emovec clusters list", "emovec clusters list --collection calls --json"))
def list_runs(
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, max=500, help="How many at most.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier list; it named the cursor.")
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """List runs, the newest first."""
    with opened() as database:
        page = database.collection(collection).clusterings(cursor=cursor, limit=limit)
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import clustering_document, page_document

        print_json(page_document(page, clustering_document))
        return
    from emovec_db.cli.clusters_view import runs_table

    console().print(runs_table(page.items, zone) if page.items else "No runs.")
    if page.next_cursor is not None:
        console().print(f"\nThere are more: --cursor {shlex.quote(page.next_cursor)}", style="dim")


@app.command(epilog=examples("emovec clusters show 5", "emovec clusters show 5 --collection calls --json"))
def show(run: RunArgument, collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """Show a run as `emovec cluster` did, with the names that its clusters have now."""
    with opened() as database:
        stored = database.collection(collection)
        clustering = stored.clustering(run)
        if as_json:
            from emovec_db.documents import clustering_document

            print_json(clustering_document(clustering))
            return
        from emovec_db.cli.cluster import print_clustering

        print_clustering(clustering, stored)


@app.command(epilog=examples('emovec clusters name 5 0 "refunds"', 'emovec clusters name 5 0 ""'))
def name(
    run: RunArgument,
    cluster: Annotated[int, typer.Argument(metavar="CLUSTER", help="Its number in the run.", show_default=False)],
    called: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Up to 80 characters on one line; empty: no name.", show_default=False),
    ],
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Name a cluster of a run."""
    with opened() as database:
        clustering = database.collection(collection).name_cluster(run, cluster, called)
    if as_json:
        from emovec_db.documents import clustering_document

        print_json(clustering_document(clustering))
        return
    from emovec_db.cli.clusters_view import clusters_table

    console().print(clusters_table(clustering))


@app.command(epilog=examples("emovec clusters compare 5 6", "emovec clusters compare 5 6 --collection calls --json"))
def compare(
    first: RunArgument,
    second: Annotated[int, typer.Argument(metavar="OTHER", help="Number of another run.", show_default=False)],
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Say how far two runs agree on the utterances that are in both."""
    with opened() as database, working("Comparing"):
        stored = database.collection(collection)
        agreement = stored.compare_clusterings(first, second)
        ours, theirs = (stored.clustering(one, central_of=()) for one in (first, second))
    if as_json:
        from emovec_db.documents import agreement_document

        print_json(agreement_document(agreement))
        return
    from emovec_db.cli.clusters_view import agreement_table

    screen = console()
    screen.print(agreement_table(agreement, ours, theirs))
    screen.print(
        f"\n{count(agreement.both, 'utterance')} in both, {agreement.only_first:,} only in {first}, "
        f"{agreement.only_second:,} only in {second}: adjusted Rand index {agreement.adjusted_rand:.3f}, normalised "
        f"mutual information {agreement.normalised_mutual_information:.3f} (1: the same)."
    )


@app.command(epilog=examples("emovec clusters delete 5", "emovec clusters delete 5 --collection calls --json"))
def delete(run: RunArgument, collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """Delete a run and the names of its clusters; recordings and utterances stay."""
    with opened() as database:
        database.collection(collection).delete_clustering(run)
    if as_json:
        print_json({"clustering_id": run})
    else:
        console().print(f"Deleted clustering {run}.")
