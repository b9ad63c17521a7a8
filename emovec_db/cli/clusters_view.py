"""How K-Means runs are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from emovec_db.cli.output import table
from emovec_db.cli.text import count, moment, printable, recording_name, short_emotion, whole_percent

if TYPE_CHECKING:
    from rich.table import Table

    from emovec_db.domain.agreement import Agreement
    from emovec_db.domain.clustering import Cluster, Clustering

#: of each cluster, so that the table stays readable
SHOWN_LABELS: Final = 3
SHOWN_CENTRAL: Final = 3


def clusters_table(clustering: Clustering) -> Table:
    """A row for each cluster; names where there are any."""
    named = any(cluster.name is not None for cluster in clustering.clusters)
    central = "most central recordings"
    rows = table(*("cluster", *(["name"] if named else []), "size", "labels", central), right=("cluster", "size"),
                 gives_way={"name": 10, "labels": 20, central: 20})  # fmt: skip
    for cluster in clustering.clusters:
        name = [printable(cluster.name or "")] if named else []
        rows.add_row(str(cluster.cluster), *name, f"{cluster.size:,}", label_shares(cluster.labels), _central(cluster))
    return rows


def run_line(clustering: Clustering) -> str:
    """Number and parameters of a run, and how well its clusters stand apart."""
    silhouette = "" if clustering.silhouette is None else f", silhouette {clustering.silhouette:.3f}"
    return (
        f"Clustering {clustering.clustering_id}: {count(clustering.utterances, 'utterance')}, k {clustering.k}, "
        f"seed {clustering.seed}, space {clustering.space}, inertia {clustering.inertia:.4g}{silhouette}."
    )


def runs_table(clusterings: Sequence[Clustering], zone: tzinfo) -> Table:
    """A row for each run."""
    rows = table("run", "made", "k", "seed", "space", "utterances", "silhouette", "names",
                 right=("run", "k", "seed", "utterances", "silhouette"), gives_way={"names": 10})  # fmt: skip
    for one in clusterings:
        names = ", ".join(printable(cluster.name) for cluster in one.clusters if cluster.name is not None)
        silhouette = "–" if one.silhouette is None else f"{one.silhouette:.3f}"
        made = moment(one.created_at, zone)
        rows.add_row(
            str(one.clustering_id), made, str(one.k), str(one.seed), one.space, f"{one.utterances:,}", silhouette, names
        )
    return rows


def agreement_table(agreement: Agreement, first: Clustering, second: Clustering) -> Table:
    """A row for each cluster of the first run: what of the second it is most like."""
    head = (f"cluster of {first.clustering_id}", f"most like, of {second.clustering_id}", "overlap")
    rows = table(*head, right=("overlap",), gives_way={head[0]: 12, head[1]: 12})
    for best in agreement.best_matches:
        match = "–" if best.match is None else _called(second.clusters[best.match])
        rows.add_row(_called(first.clusters[best.cluster]), match, whole_percent(best.overlap))
    return rows


def label_shares(labels: dict[str, float]) -> str:
    """The greatest shares first, for example ``😠 angry 62 %, 😢 sad 20 %``."""
    greatest = sorted(labels.items(), key=lambda item: -item[1])[:SHOWN_LABELS]
    shown = ", ".join(f"{short_emotion(label)} {whole_percent(share)}" for label, share in greatest)
    return shown + (", …" if len(labels) > SHOWN_LABELS else "")


def _called(cluster: Cluster) -> str:
    return f"{cluster.cluster} {printable(cluster.name)}" if cluster.name else str(cluster.cluster)


def _central(cluster: Cluster) -> str:
    return ", ".join(recording_name(utterance.uri, utterance.channel) for utterance in cluster.central[:SHOWN_CENTRAL])
