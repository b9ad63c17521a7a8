"""Background work."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import context
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.answers import Job, JobPage
from emovec_db.api.schemas.requests import JobPath, PageQuery
from emovec_db.documents import job_document, page_document

jobs = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/v1/jobs",
    abp_tags=[Tag(name="jobs", description="Background work and what became of it")],
    abp_security=SECURITY,
)


@jobs.get("", responses={200: JobPage, **failures(400)})
def list_jobs(query: PageQuery) -> Response:
    """Jobs, newest first."""
    page = context().database.jobs(cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, job_document))


@jobs.get("/<id:job_id>", responses={200: Job, **failures(404)})
def show_job(path: JobPath) -> Response:
    """One job and its items, failures with their reasons."""
    database = context().database
    return jsonify(job_document(database.job(path.job_id), database.job_items(path.job_id)))
