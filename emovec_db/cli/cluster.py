"""`emovec cluster`: groups of stored utterances that sound alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, SearchSpaceOption, examples, group
from emovec_db.cli.output import console, print_json, table, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, recording_name, short_emotion, whole_percent

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.clustering import Cluster, Clustering

app = group()

#: of each cluster, so that the table stays readable
SHOWN_LABELS = 3
SHOWN_CENTRAL = 3


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
            _print(clustering, stored)


def _print(clustering: Clustering, collection: Collection) -> None:
    from emovec_db.cli.encoder_remark import encoder_remark

    rows = table("cluster", "size", "labels", "most central recordings", right=("cluster", "size"),
                 gives_way={"labels": 20, "most central recordings": 20})  # fmt: skip
    for group_ in clustering.clusters:
        rows.add_row(str(group_.cluster), f"{group_.size:,}", label_shares(group_.labels), _central(group_))
    screen = console()
    screen.print(rows)
    silhouette = "" if clustering.silhouette is None else f", silhouette {clustering.silhouette:.3f}"
    screen.print(
        f"\nClustering {clustering.clustering_id}: {count(clustering.utterances, 'utterance')}, k {clustering.k}, "
        f"seed {clustering.seed}, space {clustering.space}, inertia {clustering.inertia:.4g}{silhouette}.",
        style="dim",
    )
    screen.print(encoder_remark(collection))


def label_shares(labels: dict[str, float]) -> str:
    """The greatest shares first, for example ``😠 angry 62 %, 😢 sad 20 %``."""
    greatest = sorted(labels.items(), key=lambda item: -item[1])[:SHOWN_LABELS]
    shown = ", ".join(f"{short_emotion(label)} {whole_percent(share)}" for label, share in greatest)
    return shown + (", …" if len(labels) > SHOWN_LABELS else "")


def _central(group_: Cluster) -> str:
    return ", ".join(recording_name(utterance.uri, utterance.channel) for utterance in group_.central[:SHOWN_CENTRAL])
