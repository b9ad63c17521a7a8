"""K-Means runs."""

from __future__ import annotations

from flask import Response, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.filters import conditions
from emovec_db.api.forms import json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Clustering, ClusteringPage
from emovec_db.api.schemas.groups import Agreement, UtterancePage
from emovec_db.api.schemas.requests import (
    ClusteringBody,
    ClusteringPath,
    ClusterNameBody,
    ClusterPath,
    CollectionPath,
    ComparisonQuery,
    PageQuery,
)
from emovec_db.documents import agreement_document, clustering_document, page_document, utterance_document

clusterings = APIBlueprint(
    "clusterings",
    __name__,
    url_prefix="/v1/collections/<name>",
    abp_tags=[Tag(name="clusterings", description="Groups of like utterances")],
    abp_security=SECURITY,
)


@clusterings.post(
    "/clusterings",
    responses={201: Clustering, **failures(404, 415, 503)},
    request_body=request_body(json=ClusteringBody),
)
def cluster(path: CollectionPath) -> tuple[Response, int, dict[str, str]]:
    """Run K-Means over the utterances that the filter lets through, and store the run."""
    body = json_body(ClusteringBody)
    with context().clusterings.place():
        run = collection(path.name).cluster(body.k, seed=body.seed, space=body.space, **conditions(body.filter))
    location = url_for("clusterings.show", name=path.name, clustering_id=run.clustering_id)
    return jsonify(clustering_document(run)), 201, {"Location": location}


@clusterings.get("/clusterings", responses={200: ClusteringPage, **failures(400, 404)})
def list_runs(path: CollectionPath, query: PageQuery) -> Response:
    """Stored runs, newest first."""
    page = collection(path.name).clusterings(cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, clustering_document))


@clusterings.get("/clusterings/<id:clustering_id>", responses={200: Clustering, **failures(404)})
def show(path: ClusteringPath) -> Response:
    """One stored run."""
    return jsonify(clustering_document(collection(path.name).clustering(path.clustering_id)))


@clusterings.delete("/clusterings/<id:clustering_id>", responses={204: None, **failures(404)})
def forget(path: ClusteringPath) -> tuple[str, int]:
    """Forget a run and the names of its clusters; the utterances stay."""
    collection(path.name).delete_clustering(path.clustering_id)
    return "", 204


@clusterings.patch(
    "/clusterings/<id:clustering_id>/clusters/<int:cluster>",
    responses={200: Clustering, **failures(400, 404, 415)},
    request_body=request_body(json=ClusterNameBody),
)
def name_cluster(path: ClusterPath) -> Response:
    """Name a cluster of a stored run; an empty name takes the old one away. Answers the run."""
    named = collection(path.name).name_cluster(path.clustering_id, path.cluster, json_body(ClusterNameBody).name)
    return jsonify(clustering_document(named))


@clusterings.get(
    "/clusterings/<id:clustering_id>/clusters/<int:cluster>/utterances",
    responses={200: UtterancePage, **failures(400, 404)},
)
def list_members(path: ClusterPath, query: PageQuery) -> Response:
    """Utterances of a cluster that are still stored, those of the highest ids first."""
    page = collection(path.name).cluster_members(
        path.clustering_id, path.cluster, cursor=query.cursor, limit=query.limit
    )
    return jsonify(page_document(page, utterance_document))


@clusterings.get("/clustering-comparisons", responses={200: Agreement, **failures(400, 404)})
def compare_runs(path: CollectionPath, query: ComparisonQuery) -> Response:
    """How far two stored runs agree on the utterances that are in both."""
    return jsonify(agreement_document(collection(path.name).compare_clusterings(query.first, query.second)))
