"""Background work."""

from __future__ import annotations

from functools import partial

from flask import Response, current_app, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from emovec_db.api.context import context
from emovec_db.api.job_events import events
from emovec_db.api.openapi import SECURITY, failures
from emovec_db.api.schemas.jobs import FailurePage, Job, JobPage
from emovec_db.api.schemas.requests import JobFailuresQuery, JobPath, JobsQuery, ListenQuery
from emovec_db.documents import item_document, job_document, page_document

jobs = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/v1/jobs",
    abp_tags=[Tag(name="jobs", description="Background work and what became of it")],
    abp_security=SECURITY,
)
_EVENTS = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}


@jobs.get("", responses={200: JobPage, **failures(400, 404)})
def list_jobs(query: JobsQuery) -> Response:
    """Jobs, newest first."""
    page = context().database.jobs(collection=query.collection, cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, job_document))


@jobs.get("/events", responses={200: _EVENTS, **failures(404, 503)})
def listen(query: ListenQuery) -> Response:
    """Jobs as they change, as server-sent events of the name `jobs`, each a page of them: first the open ones and those
    that ended within a minute, then what has changed since. It ends after some minutes, and browsers connect anew.

    503 with Retry-After where too many listen already.
    """
    here = context()
    look = partial(here.job_news.of, query.collection)
    look()  # an unknown collection is said before anything is sent
    here.listeners.enter()
    response = Response(events(look, current_app.json.dumps, here.listeners.ending), mimetype="text/event-stream")
    response.call_on_close(here.listeners.leave)
    response.headers["X-Accel-Buffering"] = "no"
    response.cache_control.no_transform = True
    return response


@jobs.get("/<id:job_id>/failures", responses={200: FailurePage, **failures(400, 404)})
def list_job_failures(path: JobPath, query: JobFailuresQuery) -> Response:
    """What failed in a job and why, the last first; of uploads also what policy or an earlier deletion kept out."""
    page = context().database.job_failures(path.job_id, code=query.code, cursor=query.cursor, limit=query.limit)
    return jsonify(page_document(page, item_document))


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
