"""Deleting a recording, after saying what will be gone."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from emovec_db.api.pages.choice import shown


def ask_before_deletion(recording_id: int) -> str:
    """What will be gone, and the button."""
    stored = shown()
    return render_template(
        "deletion.html",
        recording=stored.recording(recording_id),
        utterances=stored.count_utterances(recording_id),
        siblings=stored.siblings(recording_id),
    )


def delete(recording_id: int) -> Response:
    """Delete it and go back to the list."""
    shown().delete(recording_id)
    return redirect(url_for("pages.archive.start", deleted=recording_id), 303)
