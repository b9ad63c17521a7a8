"""Stored K-Means runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select

from emovec_db.domain.clustering import Cluster, Clustering, NewClustering
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Page
from emovec_db.domain.recording import Utterance
from emovec_db.errors import NotFoundError
from emovec_db.store import paging, rows
from emovec_db.store.statements import Query, chunks
from emovec_db.store.tables import ClusteringMemberRow, ClusteringRow
from emovec_db.store.utterances import Utterances


class Clusterings:
    """The clusterings of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, collection: Collection, new: NewClustering) -> int:
        """Store a run and its members; its id."""
        statement = insert(ClusteringRow).values(
            collection_id=collection.collection_id,
            generation_id=collection.generation.generation_id,
            parameters={"k": new.k, "seed": new.seed, "space": new.space, "filter": rows.filter_values(new.filter)},
            clusters=_cluster_values(new),
            utterances=len(new.ids),
            inertia=float(new.inertia),
            silhouette=None if new.silhouette is None else float(new.silhouette),
            created_at=rows.now(),
        )
        clustering_id = int(self._connection.execute(statement.returning(ClusteringRow.clustering_id)).scalar_one())
        members = list(zip(new.ids.tolist(), new.assignment.tolist(), strict=True))
        for some in chunks(members, 10_000):
            self._connection.execute(
                insert(ClusteringMemberRow),
                [{"clustering_id": clustering_id, "utterance_id": key, "cluster": cluster} for key, cluster in some],
            )
        return clustering_id

    def get(self, collection: Collection, clustering_id: int) -> Clustering:
        """The run as it was; central utterances that were deleted since are left out.

        Raises NotFoundError if the collection's generation has no run of this id.
        """
        found = self._read(collection, _select(collection).where(ClusteringRow.clustering_id == clustering_id))
        if not found:
            raise NotFoundError(f"no clustering {clustering_id} in collection {collection.name!r}")
        return found[0]

    def page(self, collection: Collection, cursor: str | None, limit: int) -> Page[Clustering]:
        """Runs, newest first; QueryError for a cursor that no page of clusterings gave."""
        statement = (
            _select(collection)
            .where(*paging.older_than(ClusteringRow.clustering_id, "clusterings", cursor))
            .order_by(ClusteringRow.clustering_id.desc())
            .limit(paging.rows_to_fetch(limit))
        )
        found = self._read(collection, statement)
        return paging.page_of(found, limit, "clusterings", lambda clustering: clustering.clustering_id)

    def members(self, clustering_id: int, cluster: int) -> NDArray[np.int64]:
        """Utterances of one cluster that are still stored: int64 (n,), ascending."""
        of_cluster = select(ClusteringMemberRow.utterance_id).where(
            ClusteringMemberRow.clustering_id == clustering_id, ClusteringMemberRow.cluster == cluster
        )
        return np.sort(np.array(list(self._connection.scalars(of_cluster)), dtype=np.int64))

    def _read(self, collection: Collection, statement: Query) -> list[Clustering]:
        found = self._connection.execute(statement).fetchall()
        central = [key for row in found for cluster in row.clusters for key in cluster["central"]]
        utterances = Utterances(self._connection).rows(collection, central)
        return [_clustering_from(row, utterances) for row in found]


def _select(collection: Collection) -> Query:
    return select(ClusteringRow).where(
        ClusteringRow.collection_id == collection.collection_id,
        ClusteringRow.generation_id == collection.generation.generation_id,
    )


def _cluster_values(new: NewClustering) -> list[dict[str, Any]]:
    sizes = np.bincount(new.assignment, minlength=new.k).tolist()
    return [
        {"size": size, "labels": dict(labels), "central": [int(key) for key in central]}
        for size, labels, central in zip(sizes, new.labels, new.central, strict=True)
    ]


def _clustering_from(row: Any, utterances: dict[int, Utterance]) -> Clustering:
    parameters = row.parameters
    return Clustering(
        clustering_id=row.clustering_id,
        k=parameters["k"],
        seed=parameters["seed"],
        space=parameters["space"],
        filter=rows.filter_from(parameters["filter"]),
        utterances=row.utterances,
        inertia=row.inertia,
        silhouette=row.silhouette,
        created_at=row.created_at,
        clusters=tuple(
            Cluster(
                cluster=number,
                size=cluster["size"],
                labels=cluster["labels"],
                central=_present(cluster["central"], utterances),
            )
            for number, cluster in enumerate(row.clusters)
        ),
    )


def _present(utterance_ids: Sequence[int], utterances: dict[int, Utterance]) -> tuple[Utterance, ...]:
    return tuple(utterances[key] for key in utterance_ids if key in utterances)
