"""Seeing a collection as a whole: groups of like utterances, and maps."""

from __future__ import annotations

from collections.abc import Container
from typing import Unpack

from emovec_db.database.handle import Handle
from emovec_db.domain.agreement import Agreement
from emovec_db.domain.clustering import Clustering, cluster_name
from emovec_db.domain.query import Filter, FilterFields, Page
from emovec_db.domain.recording import Utterance
from emovec_db.domain.space_map import MAX_POINTS, SpaceMap
from emovec_db.services.cluster_comparison import compare_clusterings
from emovec_db.services.clusters import cluster
from emovec_db.services.maps import MapQuestion


class Grouping(Handle):
    """K-Means runs, what people call their clusters, and utterances in the plane."""

    def cluster(self, k: int, *, seed: int = 0, space: str | None = None, **chosen: Unpack[FilterFields]) -> Clustering:
        """K-Means over the utterances that the filter lets through; stored with its parameters.

        Without a space, in the one that searches use.
        """
        stored = self._stored()
        return cluster(self._parts.store, stored, self._space(stored, space), k=k, seed=seed, chosen=Filter(**chosen))

    def clustering(self, clustering_id: int, *, central_of: Container[int] | None = None) -> Clustering:
        """A stored K-Means run; with `central_of`, which is quicker, with the utterances of these clusters only."""
        with self._parts.store.read() as unit:
            return unit.clusterings.get(unit.collections.get(self.name), clustering_id, central_of=central_of)

    def clusterings(self, *, cursor: str | None = None, limit: int = 50, central: bool = True) -> Page[Clustering]:
        """Stored K-Means runs, the newest first; without `central`, which is quicker, with no utterances."""
        with self._parts.store.read() as unit:
            return unit.clusterings.page(unit.collections.get(self.name), cursor, limit, central=central)

    def cluster_members(
        self, clustering_id: int, cluster: int, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Utterance]:
        """Utterances of a cluster that are still stored, those of the highest ids first."""
        with self._parts.store.read() as unit:
            return unit.clusterings.members(unit.collections.get(self.name), clustering_id, cluster, cursor, limit)

    def name_cluster(self, clustering_id: int, cluster: int, name: str) -> Clustering:
        """Call a cluster of a stored run so; an empty name takes the old one away. The run as it is now.

        Raises:
            NotFoundError: there is no such run, or it has no such cluster.
            QueryError: the name has more than 80 characters, or control characters.
        """
        with self._parts.store.write() as unit:
            stored = unit.collections.get(self.name)
            unit.clusterings.name(stored, clustering_id, cluster, cluster_name(name))
            return unit.clusterings.get(stored, clustering_id)

    def delete_clustering(self, clustering_id: int) -> None:
        """Forget a run and the names of its clusters; the utterances stay. NotFoundError where there is none."""
        with self._parts.store.write() as unit:
            unit.clusterings.delete(unit.collections.get(self.name), clustering_id)

    def compare_clusterings(self, clustering_id: int, other_id: int) -> Agreement:
        """How far two stored runs agree on the utterances that are in both.

        Raises:
            NotFoundError: there is no such run.
            QueryError: no utterance is in both.
        """
        return compare_clusterings(self._parts.store, self._stored(), clustering_id, other_id)

    def map(
        self,
        method: str = "pca",
        *,
        space: str | None = None,
        clustering: int | None = None,
        seed: int = 0,
        limit: int = MAX_POINTS,
        **chosen: Unpack[FilterFields],
    ) -> SpaceMap:
        """The utterances that the filter lets through, or a sample of them, as points in the plane.

        `method`: pca at once for up to 100,000; tsne and umap (an extra) keep near ones together, take longer, and
        5,000 at most. `space`: that of searches unless named. `clustering`: a run whose clusters are told.

        Raises:
            QueryError: there is no such method or space, or no utterance matches.
            MissingPartError: what computes the method is not installed.
            NotFoundError: there is no such run.
        """
        stored = self._stored()
        question = MapQuestion(method=method, seed=seed, limit=limit, clustering_id=clustering, filter=Filter(**chosen))
        return self._parts.maps.map(stored, self._space(stored, space), question)
