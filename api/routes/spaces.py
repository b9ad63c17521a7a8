"""What similar can mean in a collection."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.overviews import Space, Spaces
from emovec_db.api.schemas.requests import CollectionPath
from emovec_db.documents import fitted_space_document, spaces_document

spaces = APIBlueprint(
    "spaces",
    __name__,
    url_prefix="/v1/collections/<name>/spaces",
    abp_tags=[Tag(name="spaces", description="What similar can mean in a collection")],
    abp_security=SECURITY,
)


@spaces.get("", responses={200: Spaces, **failures(404)})
def list_spaces(path: CollectionPath) -> Response:
    """Spaces that the collection can be searched in, and what emotion was learned from."""
    of_collection = collection(path.name).spaces
    return jsonify(spaces_document(of_collection.all(), of_collection.indexes(), of_collection.default()))


@spaces.post("/emotion/fits", responses={201: Space, **failures(404, 409)})
def fit(path: CollectionPath) -> tuple[Response, int]:
    """Learn anew what emotion means, from all that is stored; answers when the new version serves."""
    return jsonify(fitted_space_document(collection(path.name).spaces.fit())), 201
