"""Customers and their profiles."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.filters import moment
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import Deletion
from emovec_db.api.schemas.profiles import CustomerPage, Profile
from emovec_db.api.schemas.requests import CollectionPath, CustomerPath, ProfileQuery
from emovec_db.documents import deletion_document, profile_document

customers = APIBlueprint(
    "customers",
    __name__,
    url_prefix="/v1/collections/<name>/customers",
    abp_tags=[Tag(name="customers", description="Whose emotion is profiled")],
    abp_security=SECURITY,
)


@customers.get("", responses={200: CustomerPage, **failures(404)})
def list_customers(path: CollectionPath) -> Response:
    """All customers of the collection."""
    return jsonify(items=list(collection(path.name).customers()), next_cursor=None)


@customers.get("/<path:customer>/profile", responses={200: Profile, **failures(400, 404)})
def profile(path: CustomerPath, query: ProfileQuery) -> Response:
    """A customer's emotion: distribution, trend, most typical and most unusual utterances."""
    found = collection(path.name).profile(
        path.customer,
        period=query.period,
        since=moment(query.since) if query.since else None,
        until=moment(query.until) if query.until else None,
        space=query.space,
        examples=query.examples,
    )
    return jsonify(profile_document(found))


@customers.delete("/<path:customer>", responses={200: Deletion, **failures(404)})
def delete_customer(path: CustomerPath) -> Response:
    """Delete a customer and all of their recordings: rows, index entries, stored files."""
    return jsonify(deletion_document(collection(path.name).delete_customer(path.customer)))
