"""What became of a recording that somebody stored from its draft, as its page tells."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import request

from emovec_db.api.context import context
from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.formats import file_name
from emovec_db.api.pages.problems import remark
from emovec_db.api.pages.whole_numbers import whole_number
from emovec_db.api.schemas.requests import MAX_ID
from emovec_db.domain.draft import Draft
from emovec_db.domain.ingest import StoredBefore
from emovec_db.domain.job import UPLOAD_JOB
from emovec_db.domain.recording import Recording
from emovec_db.errors import NotFoundError, QueryError

#: of the job that stored the draft, in the address of its page
PARAMETER = "job"


@dataclass(frozen=True, slots=True)
class Stored:
    """The recordings that a draft is, and what was done with what was said of it."""

    #: all channels of its file that the job met
    recordings: Sequence[Recording]
    is_new: bool
    #: in the reader's language; empty where there is nothing to explain
    explanation: str
    #: whether sending it once more, with other details, changes them
    can_change: bool


def stored(draft: Draft) -> Stored | None:
    """What the job that the address names made of the draft; None where it was none of the draft's, or all is gone."""
    database = context().database
    try:
        job_id = whole_number(request.args, PARAMETER, most=MAX_ID)
        job = None if job_id is None else database.job(job_id)
    except (NotFoundError, QueryError):
        return None
    if job is None or job.kind != UPLOAD_JOB or job.collection != draft.collection:
        return None
    for item in database.job_items(job.job_id):
        found = _recordings(item.recording_ids) if file_name(item.uri) == draft.file_name else []
        if found:
            explanation = remark(item.code, item.message or "") if item.code else ""
            is_new = bool(job.counts.get("ingested"))
            return Stored(found, is_new, explanation, item.code != StoredBefore.CHANNELS_KEPT)
    return None


def _recordings(ids: Sequence[int]) -> list[Recording]:
    found = []
    for one in ids:
        with suppress(NotFoundError):
            found.append(shown().recording(one))
    return found
