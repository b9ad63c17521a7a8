"""What a map shows, as it stands in the address of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from emovec_db.api.pages.fields import FilterForm, filter_form, filter_form_of
from emovec_db.api.pages.language import gettext as _
from emovec_db.domain.clustering import Cluster, Clustering

#: what points can be coloured by
LABEL, CUSTOMER, CLUSTER = COLOURS = ("label", "customer", "cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """Which utterances are laid out how, and coloured by what."""

    colour: str
    method: str
    space: str
    filters: FilterForm
    #: the run whose clusters are told
    run: Clustering | None = None

    @property
    def question(self) -> Mapping[str, str]:
        """For the API's maps, which checks it."""
        asked = {"method": self.method, "space": self.space, **self.filters.values}
        if self.run is not None:
            asked["clustering"] = str(self.run.clustering_id)
        return {name: text for name, text in asked.items() if text}

    @property
    def names(self) -> Sequence[str]:
        """What the clusters are called, in their order."""
        return [] if self.run is None else [called(cluster) for cluster in self.run.clusters]


def map_view(given: MultiDict[str, str], run: Clustering | None) -> MapView:
    """Of an address's query."""
    chosen = given.get("colour", LABEL)
    return MapView(
        colour=chosen if chosen in COLOURS else LABEL,
        method=given.get("method", ""),
        space=given.get("space", ""),
        filters=filter_form(given),
        run=run,
    )


def map_of(run: Clustering) -> MapView:
    """What the run was made of, in the space that it was made in."""
    return MapView(colour=CLUSTER, method="", space=run.space, filters=filter_form_of(run.filter), run=run)


def called(cluster: Cluster) -> str:
    """What people call a cluster, else its number."""
    return cluster.name or _("Cluster %(n)s", n=cluster.cluster)
