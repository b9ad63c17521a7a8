"""How much there is, and of what."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.filters import conditions
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.overviews import Counts
from emovec_db.api.schemas.requests import CollectionPath, CountQuery
from emovec_db.documents import count_document

counts = APIBlueprint(
    "counts",
    __name__,
    url_prefix="/v1/collections/<name>/counts",
    abp_tags=[Tag(name="counts", description="How much there is, and of what")],
    abp_security=SECURITY,
)


@counts.get("", responses={200: Counts, **failures(400, 404)})
def count(path: CollectionPath, query: CountQuery) -> Response:
    """Utterances and recordings that filters let through, by the values of fields."""
    counted, chosen = collection(path.name), conditions(query)
    facets = counted.facets(*query.by, limit=query.limit, **chosen)
    return jsonify(count_document(counted.count(**chosen), facets))
