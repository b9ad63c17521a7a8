"""Which roles a collection forbids. Allowing one again is left to the command: it takes whoever runs the server."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import collection
from emovec_db.api.forms import json_body
from emovec_db.api.openapi import SECURITY, failures, request_body
from emovec_db.api.schemas.answers import Policy, RefusalPage
from emovec_db.api.schemas.requests import CollectionPath, ForbiddenRoleBody, PageQuery
from emovec_db.database import Collection
from emovec_db.documents import page_document, policy_document, refusal_document

policies = APIBlueprint(
    "policies",
    __name__,
    url_prefix="/v1/collections/<name>",
    abp_tags=[Tag(name="policy", description="Roles that are never encoded, stored or played")],
    abp_security=SECURITY,
)


@policies.get("/policy", responses={200: Policy, **failures(404)})
def show_policy(path: CollectionPath) -> Response:
    """The forbidden roles, and who decided so."""
    return _policy(collection(path.name))


@policies.post(
    "/policy/forbidden-roles",
    responses={200: Policy, **failures(409, 415)},
    request_body=request_body(json=ForbiddenRoleBody),
)
def forbid_role(path: CollectionPath) -> Response:
    """Forbid a role for good; 409 where recordings are stored that would have to be deleted."""
    body = json_body(ForbiddenRoleBody)
    target = collection(path.name)
    target.forbid_role(body.role, reason=body.reason, delete_existing=body.delete_existing, by="HTTP API")
    return _policy(target)


@policies.get("/refusals", responses={200: RefusalPage, **failures(400, 404)})
def list_refusals(path: CollectionPath, query: PageQuery) -> Response:
    """Recordings that the policy keeps out, newest first."""
    page = collection(path.name).refusals(cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, refusal_document))


def _policy(stored: Collection) -> Response:
    return jsonify(policy_document(stored.policy(), stored.policy_changes(), stored.summary().refusals))
