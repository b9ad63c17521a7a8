"""Stored K-Means runs."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from emovec_db.domain.clustering import Cluster, Clustering, NewClustering
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Page
from emovec_db.domain.recording import Utterance
from emovec_db.errors import NotFoundError
from emovec_db.store import paging, rows
from emovec_db.store.statements import Query, chunks, upsert
from emovec_db.store.tables import ClusteringMemberRow, ClusteringRow, ClusterNameRow
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

    def get(
        self, collection: Collection, clustering_id: int, *, central_of: Container[int] | None = None
    ) -> Clustering:
        """The run as it was; central utterances are those of `central_of`, or all, without what was deleted since.

        Raises NotFoundError if the collection's generation has no run of this id.
        """
        found = self._read(
            collection, _select(collection).where(ClusteringRow.clustering_id == clustering_id), central_of
        )
        if not found:
            raise NotFoundError(f"no clustering {clustering_id} in collection {collection.name!r}")
        return found[0]

    def page(self, collection: Collection, cursor: str | None, limit: int, *, central: bool = True) -> Page[Clustering]:
        """Runs, newest first, without `central` with no utterances of their clusters.

        Raises:
            QueryError: the cursor is of no page of clusterings.
        """
        statement = (
            _select(collection)
            .where(*paging.older_than(ClusteringRow.clustering_id, "clusterings", cursor))
            .order_by(ClusteringRow.clustering_id.desc())
            .limit(paging.rows_to_fetch(limit))
        )
        found = self._read(collection, statement, None if central else ())
        return paging.page_of(found, limit, "clusterings", lambda clustering: clustering.clustering_id)

    def k(self, collection: Collection, clustering_id: int) -> int:
        """How many clusters a run has; NotFoundError if the collection's generation has no run of this id."""
        of_id = _select(collection).where(ClusteringRow.clustering_id == clustering_id)
        found = self._connection.execute(of_id).one_or_none()
        if found is None:
            raise NotFoundError(f"no clustering {clustering_id} in collection {collection.name!r}")
        return len(found.clusters)

    def members(
        self, collection: Collection, clustering_id: int, cluster: int, cursor: str | None, limit: int
    ) -> Page[Utterance]:
        """Utterances of one cluster that are still stored, those of the highest ids first.

        Raises NotFoundError as `k` and for a cluster that the run lacks, QueryError for a cursor that no page of
        members gave.
        """
        self._require(collection, clustering_id, cluster)
        member = ClusteringMemberRow.utterance_id
        statement = (
            select(member)
            .where(ClusteringMemberRow.clustering_id == clustering_id, ClusteringMemberRow.cluster == cluster)
            .where(*paging.older_than(member, "members", cursor))
            .order_by(member.desc())
            .limit(paging.rows_to_fetch(limit))
        )
        ids = list(self._connection.scalars(statement))
        utterances = Utterances(self._connection).rows(collection, ids)
        return paging.page_of([utterances[key] for key in ids], limit, "members", lambda one: one.utterance_id)

    def assignment(self, clustering_id: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """A run's utterances that are still stored, int64 (n,) ascending, and the cluster of each, int32 (n,)."""
        of_run = select(ClusteringMemberRow.utterance_id, ClusteringMemberRow.cluster).where(
            ClusteringMemberRow.clustering_id == clustering_id
        )
        found = np.array([tuple(row) for row in self._connection.execute(of_run)], np.int64).reshape(-1, 2)
        found = found[np.argsort(found[:, 0])]
        return found[:, 0].copy(), found[:, 1].astype(np.int32)

    def name(self, collection: Collection, clustering_id: int, cluster: int, name: str | None) -> None:
        """Call a cluster so; None takes its name away. Raises NotFoundError as `members`."""
        self._require(collection, clustering_id, cluster)
        row = {"clustering_id": clustering_id, "cluster": cluster}
        if name is None:
            self._connection.execute(delete(ClusterNameRow).filter_by(**row))
        else:
            dialect = self._connection.dialect.name
            statement = upsert(dialect, ClusterNameRow, ("clustering_id", "cluster"), ("name",))
            self._connection.execute(statement, {**row, "name": name})

    def delete(self, collection: Collection, clustering_id: int) -> None:
        """Forget a run, what fell into which cluster, and names; the utterances stay. NotFoundError as `k`."""
        self.k(collection, clustering_id)
        self._connection.execute(delete(ClusteringRow).where(ClusteringRow.clustering_id == clustering_id))

    def _require(self, collection: Collection, clustering_id: int, cluster: int) -> None:
        k = self.k(collection, clustering_id)
        if not 0 <= cluster < k:
            raise NotFoundError(f"no cluster {cluster} in clustering {clustering_id}: expected 0 to {k - 1}")

    def _read(self, collection: Collection, statement: Query, central_of: Container[int] | None) -> list[Clustering]:
        found = self._connection.execute(statement).fetchall()
        shown = [
            key
            for row in found
            for number, cluster in enumerate(row.clusters)
            if central_of is None or number in central_of
            for key in cluster["central"]
        ]
        utterances = Utterances(self._connection).rows(collection, shown)
        names = self._names([row.clustering_id for row in found])
        return [_clustering_from(row, utterances, names) for row in found]

    def _names(self, clustering_ids: Sequence[int]) -> dict[tuple[int, int], str]:
        """By run and cluster."""
        named = select(ClusterNameRow.clustering_id, ClusterNameRow.cluster, ClusterNameRow.name)
        return {
            (run, cluster): name
            for some in chunks(clustering_ids)
            for run, cluster, name in self._connection.execute(named.where(ClusterNameRow.clustering_id.in_(some)))
        }


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


def _clustering_from(row: Any, utterances: dict[int, Utterance], names: dict[tuple[int, int], str]) -> Clustering:
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
                name=names.get((row.clustering_id, number)),
            )
            for number, cluster in enumerate(row.clusters)
        ),
    )


def _present(utterance_ids: Sequence[int], utterances: dict[int, Utterance]) -> tuple[Utterance, ...]:
    return tuple(utterances[key] for key in utterance_ids if key in utterances)
