"""Utterances in the plane."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.filters import conditions
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.groups import Map
from emovec_db.api.schemas.requests import CollectionPath, MapQuery
from emovec_db.documents import map_document

maps = APIBlueprint(
    "maps",
    __name__,
    url_prefix="/v1/collections/<name>/maps",
    abp_tags=[Tag(name="maps", description="Utterances in the plane")],
    abp_security=SECURITY,
)


@maps.get("", responses={200: Map, **failures(400, 404, 501, 503)})
def show_map(path: CollectionPath, query: MapQuery) -> Response:
    """The utterances that the filter lets through, or a sample of them, as points, column by column."""
    with context().maps[query.method].place():
        made = collection(path.name).map(
            query.method,
            space=query.space,
            clustering=query.clustering,
            seed=query.seed,
            limit=query.limit,
            **conditions(query),
        )
    return jsonify(map_document(made))
