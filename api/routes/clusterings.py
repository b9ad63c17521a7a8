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
from emovec_db.api.schemas.requests import ClusteringBody, ClusteringPath, CollectionPath, PageQuery
from emovec_db.documents import clustering_document, page_document

clusterings = APIBlueprint(
    "clusterings",
    __name__,
    url_prefix="/v1/collections/<name>/clusterings",
    abp_tags=[Tag(name="clusterings", description="Groups of like utterances")],
    abp_security=SECURITY,
)


@clusterings.post(
    "",
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


@clusterings.get("", responses={200: ClusteringPage, **failures(400, 404)})
def list_runs(path: CollectionPath, query: PageQuery) -> Response:
    """Stored runs, newest first."""
    page = collection(path.name).clusterings(cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, clustering_document))


@clusterings.get("/<id:clustering_id>", responses={200: Clustering, **failures(404)})
def show(path: ClusteringPath) -> Response:
    """One stored run."""
    return jsonify(clustering_document(collection(path.name).clustering(path.clustering_id)))
