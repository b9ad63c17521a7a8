"""Background work."""

from __future__ import annotations

from flask import Response, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import context
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.jobs import Job, JobPage
from emovec_db.api.schemas.requests import JobPath, JobsQuery
from emovec_db.documents import job_document, page_document

jobs = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/v1/jobs",
    abp_tags=[Tag(name="jobs", description="Background work and what became of it")],
    abp_security=SECURITY,
)


@jobs.get("", responses={200: JobPage, **failures(400, 404)})
def list_jobs(query: JobsQuery) -> Response:
    """Jobs, newest first."""
    page = context().database.jobs(collection=query.collection, cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, job_document))


@jobs.get("/<id:job_id>", responses={200: Job, **failures(404)})
def show_job(path: JobPath) -> Response:
    """One job: how far it is, its first items, what failed in it by kind."""
    database = context().database
    job = database.job(path.job_id)
    return jsonify(job_document(job, database.job_items(path.job_id), database.job_errors(path.job_id)))


@jobs.post("/<id:job_id>/cancel", responses={200: Job, **failures(404, 409)})
def cancel_job(path: JobPath) -> Response:
    """End a job: what waits is dropped, what is in hand ends after its batch, what is stored stays."""
    return jsonify(job_document(context().database.cancel_job(path.job_id)))


@jobs.post("/<id:job_id>/retry", responses={202: Job, **failures(404, 409)})
def retry_job(path: JobPath) -> tuple[Response, int, dict[str, str]]:
    """Queue a new job for the recordings of an archive that failed in one; uploads have to be sent again."""
    again = context().database.retry_job(path.job_id)
    return jsonify(job_document(again)), 202, {"Location": url_for("jobs.show_job", job_id=again.job_id)}
