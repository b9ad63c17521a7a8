"""Uploads from the form as browsers without scripts send it; scripts send file by file to the API."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from emovec_db.api.forms import form_fields, queue_uploads
from emovec_db.api.pages.choice import shown
from emovec_db.api.schemas.requests import UploadForm


def upload() -> Response:
    """Queue what was sent and show its jobs."""
    queue_uploads(shown(), form_fields(UploadForm))
    return redirect(url_for("pages.archive.jobs"), 303)
