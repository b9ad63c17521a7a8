"""Classifying a recording: choosing or recording one, and what was heard in it while its draft is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask import Blueprint, Response, abort, make_response, render_template, request, url_for

from emovec_db.api.context import context
from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.examples import EXAMPLES
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.problems import Told, told
from emovec_db.api.pages.stored import stored
from emovec_db.api.pages.warnings import warning
from emovec_db.api.pages.wording import Wording
from emovec_db.api.sounds import sound_response
from emovec_db.documents import steps_document
from emovec_db.domain.classification import Classification
from emovec_db.domain.draft import Draft
from emovec_db.domain.encoding import Frames, Prediction
from emovec_db.errors import BusyError, NotFoundError, QueryError, RefusedError, UserError

classify = Blueprint("classify", __name__)

#: rows of the table that says in words what the curve of the frames shows
MOMENTS = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """Part of a recording with frames, and their mean."""

    start_s: float
    end_s: float
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a draft was chosen, and what was heard in it alone; or why nothing was."""

    start_s: float
    end_s: float
    heard: Classification | None = None
    wording: Wording | None = None
    problem: Told | None = None


@classify.get("/")
def start() -> str:
    """Choose a recording, or record one."""
    settings = context().settings
    return render_template(
        "classify.html",
        examples=EXAMPLES,
        policy=shown().policy(),
        max_mb=settings.upload_max_mb,
        max_minutes=settings.upload_max_minutes,
        forgotten=bool(request.args.get("forgotten")),
    )


@classify.get("/examples/<int:number>")
def example(number: int) -> Response:
    """One of the samples that come with the package."""
    if not 1 <= number <= len(EXAMPLES):
        abort(404)
    chosen = EXAMPLES[number - 1]
    return sound_response(chosen.path, chosen.media_type, chosen.name)


@classify.get("/drafts/<token>")
def draft(token: str) -> str | Response:
    """What was heard in a recording, and in a stretch of it where the address names one."""
    try:
        found = shown().drafts.get(token)
    except (NotFoundError, RefusedError) as error:
        return make_response(render_template("draft_gone.html", refusal=_refusal(error)), error.http_status)
    heard = found.heard
    return render_template(
        "draft.html",
        draft=found,
        wording=Wording.of(heard.prediction),
        warnings=[warning(code) for code in heard.warnings],
        moments=_moments(heard.frames),
        stretch=_stretch(found),
        steps=steps_document(found),
        downloads=_downloads(found),
        stored=stored(found),
        shows_embedding=bool(request.args.get("embedding")),
    )


def _refusal(error: UserError) -> Told | None:
    return told(error) if isinstance(error, RefusedError) else None


def _stretch(found: Draft) -> Stretch | None:
    start, end = request.args.get("start_s"), request.args.get("end_s")
    if not (start and end):
        return None
    start_s, end_s = 0.0, found.sound.duration_s
    try:
        start_s, end_s = _seconds(start), _seconds(end)
        with context().encoder.place():
            heard = shown().drafts.classify(found.token, start_s, end_s)
    except (UserError, BusyError) as error:
        return Stretch(start_s, end_s, problem=told(error))
    return Stretch(start_s, end_s, heard, Wording.of(heard.prediction))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise QueryError(f"got {text!r} for a time: expected seconds, such as 2.5") from None


def _moments(frames: Frames | None) -> list[Moment]:
    """The frames in equal parts, the last of what remains; as many parts as there are, `MOMENTS` at most."""
    if frames is None:
        return []
    each = -(-len(frames.scores) // MOMENTS) or 1
    parts = (frames.scores[at : at + each] for at in range(0, len(frames.scores), each))
    return [
        Moment(place * each / frames.hz, (place * each + len(part)) / frames.hz, Prediction.of(np.mean(part, axis=0)))
        for place, part in enumerate(parts)
    ]


def _downloads(found: Draft) -> dict[str, tuple[str, str]]:
    """By name of the file: its address and what it holds."""

    def address(endpoint: str) -> str:
        return url_for(f"drafts.{endpoint}", name=found.collection, token=found.token)

    numbers = len(found.heard.embedding)
    return {
        "result.json": (address("result"), _("label, scores and encoder")),
        "embedding.npy": (address("embedding"), _("embedding, %(dim)s numbers", dim=numbers)),
        "processed.wav": (address("audio"), _("the sound as the encoder heard it")),
    }
