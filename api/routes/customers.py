"""Customers, their profiles, and two of them side by side."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.filters import moment
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import Deletion
from emovec_db.api.schemas.profiles import CustomerComparison, CustomerPage
from emovec_db.api.schemas.requests import (
    CollectionPath,
    CustomerComparisonQuery,
    CustomerPath,
    CustomersQuery,
    HistoryQuery,
    ProfileQuery,
)
from emovec_db.documents import (
    comparison_document,
    customer_document,
    deletion_document,
    page_document,
    profile_document,
    profile_table,
)

_TAG = Tag(name="customers", description="Whose emotion is profiled")
customers = APIBlueprint(
    "customers",
    __name__,
    url_prefix="/v1/collections/<name>/customers",
    abp_tags=[_TAG],
    abp_security=SECURITY,
)
#: an address of its own, since a customer's name may hold slashes
comparisons = APIBlueprint(
    "customer_comparisons",
    __name__,
    url_prefix="/v1/collections/<name>/customer-comparisons",
    abp_tags=[_TAG],
    abp_security=SECURITY,
)
#: the schema comes into the document with comparisons
_PROFILE = {
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Profile"}},
        "text/csv": {"schema": {"type": "string"}},
    }
}


@customers.get("", responses={200: CustomerPage, **failures(400, 404)})
def list_customers(path: CollectionPath, query: CustomersQuery) -> Response:
    """Customers with their figures, mean scores and how these went of late."""
    page = collection(path.name).customers_overview(
        sort=query.sort, containing=query.containing, cursor=query.cursor, limit=query.limit
    )
    return jsonify(page_document(page, customer_document))


@customers.get("/<path:customer>/profile", responses={200: _PROFILE, **failures(400, 404)})
def profile(path: CustomerPath, query: ProfileQuery) -> Response:
    """A customer's emotion: distribution, trend, change, most typical and most unusual utterances."""
    found = collection(path.name).profile(path.customer, examples=query.examples, **_history(query))
    if query.format == "json":
        return jsonify(profile_document(found))
    response = Response(profile_table(found), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="profile.csv"'
    return response


@customers.delete("/<path:customer>", responses={200: Deletion, **failures(404)})
def delete_customer(path: CustomerPath) -> Response:
    """Delete a customer and all of their recordings: rows, index entries, stored files."""
    return jsonify(deletion_document(collection(path.name).delete_customer(path.customer)))


@comparisons.get("", responses={200: CustomerComparison, **failures(400, 404)})
def compare(path: CollectionPath, query: CustomerComparisonQuery) -> Response:
    """Two customers side by side: both profiles, how they differ, how near they are."""
    found = collection(path.name).compare_customers(query.first, query.second, **_history(query))
    return jsonify(comparison_document(found))


def _history(query: HistoryQuery) -> dict[str, Any]:
    times = {"since": query.since, "until": query.until, "recent_since": query.recent_since}
    given = {name: moment(text) for name, text in times.items() if text}
    return {"period": query.period, "space": query.space, **given}
