"""Jobs, newest first; one of them: how far it is, what failed in it and why, ending it, trying again."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emovec_db.api.context import context
from emovec_db.api.pages.choice import PARAMETER
from emovec_db.api.pages.problems import explain, remark
from emovec_db.domain.ingest import StoredBefore
from emovec_db.domain.job import ARCHIVE_JOB, UPLOAD_JOB
from emovec_db.domain.query import Page

PER_PAGE = 30


def jobs() -> str:
    """The list, of one collection where the address names it."""
    of, cursor = request.args.get(PARAMETER), request.args.get("cursor")
    page = context().database.jobs(collection=of, cursor=cursor, limit=PER_PAGE)
    return render_template("jobs.html", page=page, collection_name=of, is_further=bool(cursor))


def job(job_id: int) -> str:
    """One job."""
    database = context().database
    one, code = database.job(job_id), request.args.get("code") or None
    kinds = database.job_errors(job_id)
    has_failures = bool(kinds or one.error or one.kind == UPLOAD_JOB)
    cursor = request.args.get("cursor")
    failures = database.job_failures(job_id, code=code, cursor=cursor) if has_failures else Page((), None)
    return render_template(
        "job.html",
        job=one,
        kinds=kinds,
        failures=failures,
        code=code,
        is_further=bool(cursor),
        items=database.job_items(job_id) if one.kind == UPLOAD_JOB else (),
        can_retry=one.kind == ARCHIVE_JOB and not one.state.is_open and bool(kinds),
        explain=explain,
        remark=remark,
        stored_before=[*StoredBefore],
    )


def cancel(job_id: int) -> Response:
    """End it."""
    context().database.cancel_job(job_id)
    return redirect(url_for("pages.archive.job", job_id=job_id), 303)


def retry(job_id: int) -> Response:
    """Queue what failed in it again, and show the new job."""
    again = context().database.retry_job(job_id)
    return redirect(url_for("pages.archive.job", job_id=again.job_id), 303)
