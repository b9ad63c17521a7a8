"""What is stored and how it comes in: recordings, one of them, uploads, jobs."""

from __future__ import annotations

from flask import Blueprint

from emovec_db.api.pages.archive import deletion, jobs, recording, recordings, uploads

archive = Blueprint("archive", __name__)
archive.add_url_rule("/archive", view_func=recordings.start)
archive.add_url_rule("/archive/uploads", view_func=uploads.upload, methods=["POST"])
archive.add_url_rule("/archive/<id:recording_id>", view_func=recording.recording)
archive.add_url_rule("/archive/<id:recording_id>/deletion", view_func=deletion.ask_before_deletion)
archive.add_url_rule("/archive/<id:recording_id>/deletion", view_func=deletion.delete, methods=["POST"])
archive.add_url_rule("/jobs", view_func=jobs.jobs)
archive.add_url_rule("/jobs/<id:job_id>", view_func=jobs.job)
archive.add_url_rule("/jobs/<id:job_id>/cancel", view_func=jobs.cancel, methods=["POST"])
archive.add_url_rule("/jobs/<id:job_id>/retry", view_func=jobs.retry, methods=["POST"])
