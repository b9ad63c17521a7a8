"""Customers, their profiles, and two of them side by side."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from flask import Response, jsonify, send_file
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.histories import history
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import Deletion
from emovec_db.api.schemas.profiles import CustomerPage
from emovec_db.api.schemas.requests import (
    CollectionPath,
    CustomerComparisonQuery,
    CustomerPath,
    CustomersQuery,
    ProfileQuery,
)
from emovec_db.documents import (
    comparison_document,
    comparison_table,
    customer_document,
    deletion_document,
    page_document,
    profile_document,
    profile_table,
)

#: of a file's name; file systems take 255 bytes
FILE_NAME_CHARACTERS = 80
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


def _written(schema: str) -> dict[str, Any]:
    """An answer as JSON or as a table."""
    return {
        "content": {
            "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}},
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


@customers.get("/<name:customer>/profile", responses={200: _written("Profile"), **failures(400, 404)})
def profile(path: CustomerPath, query: ProfileQuery) -> Response:
    """A customer's emotion: distribution, trend, change, most typical and most unusual utterances."""
    found = collection(path.name).profile(path.customer, examples=query.examples, **history(query))
    if query.format == "json":
        return jsonify(profile_document(found))
    return _download(profile_table(found), path.customer)


@customers.delete("/<name:customer>", responses={200: Deletion, **failures(404)})
def delete_customer(path: CustomerPath) -> Response:
    """Delete a customer and all of their recordings: rows, index entries, stored files."""
    return jsonify(deletion_document(collection(path.name).delete_customer(path.customer)))


@comparisons.get("", responses={200: _written("CustomerComparison"), **failures(400, 404)})
def compare(path: CollectionPath, query: CustomerComparisonQuery) -> Response:
    """Two customers side by side: both profiles, how they differ, how near they are."""
    found = collection(path.name).compare_customers(query.first, query.second, **history(query))
    if query.format == "json":
        return jsonify(comparison_document(found))
    return _download(comparison_table(found), f"{query.first}-{query.second}")


def _download(table: str, names: str) -> Response:
    """The table as a file that is called after customers, by their letters, digits, `-` and `_`."""
    name = re.sub(r"[^\w-]+", "_", names)[:FILE_NAME_CHARACTERS]
    content = BytesIO(table.encode())
    return send_file(content, mimetype="text/csv", as_attachment=True, download_name=f"emovec-{name}.csv")
