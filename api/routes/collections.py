"""Collections and how much is in them."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection, context
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import Collection, CollectionPage
from emovec_db.api.schemas.jobs import FailurePage
from emovec_db.api.schemas.requests import CollectionPath
from emovec_db.documents import collection_document, item_document

collections = APIBlueprint(
    "collections",
    __name__,
    url_prefix="/v1/collections",
    abp_tags=[Tag(name="collections", description="Named sets of recordings, each bound to one encoder")],
    abp_security=SECURITY,
)


@collections.get("", responses={200: CollectionPage, **failures()})
def list_collections() -> Response:
    """All collections."""
    summaries = context().database.collections()
    return jsonify(items=[collection_document(summary) for summary in summaries], next_cursor=None)


@collections.get("/<name>", responses={200: Collection, **failures(404)})
def show_collection(path: CollectionPath) -> Response:
    """One collection."""
    return jsonify(collection_document(collection(path.name).summary()))


@collections.get("/<name>/failures", responses={200: FailurePage, **failures(404)})
def list_failures(path: CollectionPath) -> Response:
    """Uris that could not be stored, and why."""
    failed = collection(path.name).failures()
    return jsonify(items=[item_document(item) for item in failed], next_cursor=None)
