"""Seeing a collection as a whole: its map, groups of like utterances, and two runs side by side."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.cluster_table import cluster_table
from emovec_db.api.pages.filter_words import filter_words
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.map_view import CLUSTER, called, map_of, map_view
from emovec_db.api.pages.problems import Told, told
from emovec_db.api.pages.whole_numbers import whole_number
from emovec_db.api.schemas.requests import MAX_ID, MAX_K
from emovec_db.database import Collection
from emovec_db.domain.agreement import Agreement
from emovec_db.domain.clustering import Clustering
from emovec_db.domain.query import Page
from emovec_db.domain.recording import Utterance
from emovec_db.domain.space_map import MAX_POINTS
from emovec_db.errors import UserError
from emovec_db.index.maps import METHODS

clusters = Blueprint("clusters", __name__)

#: on one page
RUNS, CLUSTERS, MEMBERS = 20, 12, 24


@clusters.get("/clusters")
def start() -> str | tuple[str, int]:
    """The map, a form that runs K-Means, and the runs that are stored."""
    stored = shown()
    if not (utterances := stored.count().utterances):
        return render_template("clusters_none.html")
    runs: Page[Clustering] = Page((), None)
    chosen, problem, status = None, None, 200
    try:
        runs = stored.clusterings(cursor=request.args.get("cursor"), limit=RUNS, central=False)
        chosen = _chosen(stored, runs)
    except UserError as error:
        problem, status = _told(error), error.http_status
    view = map_view(request.args, chosen)
    page = render_template(
        "clusters.html",
        view=view,
        runs=runs,
        problem=problem,
        utterances=utterances,
        spaces=tuple(stored.spaces.all()),
        default_space=stored.spaces.default(),
        filter_words=filter_words,
        most_at_once=MAX_POINTS,
        most_with_neighbours=METHODS["tsne"].most,
        max_k=MAX_K,
    )
    return page, status


@clusters.get("/clusters/<id:clustering_id>")
def run(clustering_id: int) -> str:
    """One run: its clusters on the map, what is in each, and who."""
    stored = shown()
    found = stored.clustering(clustering_id, central_of=())
    opened = whole_number(request.args, "cluster", most=found.k - 1)
    first = whole_number(request.args, "from", most=found.k - 1) or 0
    last = first + CLUSTERS
    return render_template(
        "cluster_run.html",
        run=found,
        view=map_of(found),
        called=called,
        filter_words=filter_words(found.filter),
        shown_clusters=stored.clustering(clustering_id, central_of=range(first, last)).clusters[first:last],
        first=first,
        per_page=CLUSTERS,
        opened=None if opened is None else found.clusters[opened],
        members=None if opened is None else _members(stored, clustering_id, opened),
        others=_others(stored, clustering_id),
    )


@clusters.get("/cluster-comparison")
def comparison() -> tuple[str, int]:
    """How far two runs agree."""
    stored = shown()
    runs = stored.clusterings(limit=RUNS, central=False).items
    ours, theirs, agreement, problem, status = None, None, None, None, 200
    try:
        first, second = (whole_number(request.args, name, most=MAX_ID) for name in ("first", "second"))
        ours = None if first is None else stored.clustering(first, central_of=())
        theirs = None if second is None else stored.clustering(second, central_of=())
        agreement = _agreement(stored, ours, theirs)
    except UserError as error:
        problem, status = _told(error), error.http_status
    both = [one for one in (ours, theirs) if one is not None]
    page = render_template(
        "cluster_comparison.html",
        first=ours,
        second=theirs,
        runs=sorted({one.clustering_id: one for one in (*runs, *both)}.values(), key=lambda one: -one.clustering_id),
        agreement=agreement,
        table=None if agreement is None else cluster_table(agreement),
        called=called,
        filter_words=filter_words,
        problem=problem,
    )
    return page, status


def _chosen(stored: Collection, runs: Page[Clustering]) -> Clustering | None:
    """The run whose clusters colour the map: that of the address, else the newest one."""
    if request.args.get("colour") != CLUSTER:
        return None
    named = whole_number(request.args, "run", most=MAX_ID)
    if named is not None:
        return stored.clustering(named, central_of=())
    return next(iter(runs.items), None)


def _members(stored: Collection, clustering_id: int, cluster: int) -> Page[Utterance]:
    return stored.cluster_members(clustering_id, cluster, cursor=request.args.get("cursor"), limit=MEMBERS)


def _others(stored: Collection, clustering_id: int) -> list[Clustering]:
    return [one for one in stored.clusterings(limit=RUNS, central=False).items if one.clustering_id != clustering_id]


def _agreement(stored: Collection, first: Clustering | None, second: Clustering | None) -> Agreement | None:
    if first is None or second is None:
        return None
    return stored.compare_clusterings(first.clustering_id, second.clustering_id)


def _told(error: UserError) -> Told:
    return told(error, _("There is no such run, or it was deleted."))
