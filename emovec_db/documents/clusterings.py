"""K-Means runs."""

from __future__ import annotations

from emovec_db.documents.recordings import utterance_document
from emovec_db.documents.search import filter_document
from emovec_db.documents.values import Document, time_text
from emovec_db.domain.agreement import Agreement
from emovec_db.domain.clustering import Cluster, Clustering


def clustering_document(clustering: Clustering) -> Document:
    """One stored K-Means run, its parameters and its clusters."""
    return {
        "clustering_id": clustering.clustering_id,
        "k": clustering.k,
        "seed": clustering.seed,
        "space": clustering.space,
        "filter": filter_document(clustering.filter),
        "utterances": clustering.utterances,
        "inertia": clustering.inertia,
        "silhouette": clustering.silhouette,
        "created_at": time_text(clustering.created_at),
        "clusters": [cluster_document(cluster) for cluster in clustering.clusters],
    }


def cluster_document(cluster: Cluster) -> Document:
    """``{cluster, name, size, labels: {label: share}, central: [utterance]}``."""
    return {
        "cluster": cluster.cluster,
        "name": cluster.name,
        "size": cluster.size,
        "labels": dict(cluster.labels),
        "central": [utterance_document(utterance) for utterance in cluster.central],
    }


def agreement_document(agreement: Agreement) -> Document:
    """Two runs side by side; ``contingency[a][b]`` utterances are in cluster a of the first and b of the second."""
    return {
        "first": agreement.first,
        "second": agreement.second,
        "both": agreement.both,
        "only_first": agreement.only_first,
        "only_second": agreement.only_second,
        "adjusted_rand": agreement.adjusted_rand,
        "normalised_mutual_information": agreement.normalised_mutual_information,
        "contingency": agreement.contingency.tolist(),
        "best_matches": [
            {"cluster": best.cluster, "match": best.match, "overlap": best.overlap} for best in agreement.best_matches
        ],
    }
