"""`emovec cluster`: groups of stored utterances that sound alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, SearchSpaceOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.clustering import Clustering

app = group()


@app.command(
    epilog=examples("emovec cluster -k 8", "emovec cluster -k 4 --customer c7 --since 2026-03-01 --seed 1 --json")
)
@with_options(conditions=Conditions)
def cluster(
    conditions: Conditions,
    k: Annotated[int, typer.Option("-k", metavar="NUMBER", min=1, help="How many clusters.")] = 8,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="The same seed gives the same clusters.")] = 0,
    space: SearchSpaceOption = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Group stored utterances by K-Means.

    The run is stored with its parameters."""
    with opened() as database:
        wanted = conditions.as_filter(database.settings.zone)
        stored = database.collection(collection)
        with working("Clustering"):
            clustering = stored.cluster(k, seed=seed, space=space, **wanted)
        if as_json:
            from emovec_db.documents import clustering_document

            print_json(clustering_document(clustering))
        else:
            print_clustering(clustering, stored)


def print_clustering(clustering: Clustering, collection: Collection) -> None:
    """Its clusters, its parameters, and whose embeddings they are."""
    from emovec_db.cli.clusters_view import clusters_table, run_line
    from emovec_db.cli.encoder_remark import encoder_remark

    screen = console()
    screen.print(clusters_table(clustering))
    screen.print(f"\n{run_line(clustering)}", style="dim")
    screen.print(encoder_remark(collection))
