"""K-Means runs."""

from __future__ import annotations

from emovec_db.documents.recordings import utterance_document
from emovec_db.documents.search import filter_document
from emovec_db.documents.values import Document, time_text
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
    """``{cluster, size, labels: {label: share}, central: [utterance]}``."""
    return {
        "cluster": cluster.cluster,
        "size": cluster.size,
        "labels": dict(cluster.labels),
        "central": [utterance_document(utterance) for utterance in cluster.central],
    }
