"""Finding utterances that sound alike in emotion: by examples, recordings, customers, drafts, mixtures of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from emovec_db.api.context import context
from emovec_db.api.errors import InvalidRequestError
from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.fields import FilterForm, filter_form
from emovec_db.api.pages.problems import Told, told
from emovec_db.api.pages.search_question import Links, Wanted, wanted_by
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.domain.policy import Policy
from emovec_db.domain.recording import Utterance
from emovec_db.errors import NotFoundError, UserError

search = Blueprint("search", __name__)

MATCHES = 24
GROUPS = 8


@search.get("/search")
def start() -> Response:
    """The question, and what answers it."""
    problem: Told | None = None
    status = 200
    wanted, answer, examples = Wanted(), None, {}
    filters = filter_form(request.args)
    try:
        wanted = wanted_by(request.args)
        examples = _examples(shown(), (*wanted.like, *wanted.unlike))
        asked = wanted.among(examples)
        if not asked.is_nothing:
            answer = _answer(shown(), asked, filters)
    except (UserError, InvalidRequestError) as error:
        problem = told(error)
        status = error.http_status
    page = render_template(
        "search.html",
        wanted=wanted,
        answer=answer,
        examples=examples,
        filters=filters.values,
        grouped=_is_grouped(),
        spaces=_spaces(shown()),
        policy=_policy(shown()),
        problem=problem,
        link=Links(wanted, filters),
        is_further=bool(request.args.get("cursor")),
    )
    return make_response(page, status)


def _answer(stored: Collection, wanted: Wanted, filters: FilterForm) -> Answer:
    asked: dict[str, Any] = {**filters.conditions(), "k": GROUPS if _is_grouped() else MATCHES, "unlike": wanted.unlike}
    if _is_grouped():
        asked["group_by"] = "customer"
    if request.args.get("cursor"):
        asked["cursor"] = request.args["cursor"]
    if wanted.mixture:
        return stored.similar_to_scores(wanted.mixture, **asked)
    if request.args.get("space"):
        asked["space"] = request.args["space"]
    if wanted.draft is not None:
        with context().encoder.place():
            return stored.drafts.similar(wanted.draft, start_s=wanted.start_s, end_s=wanted.end_s, **asked)
    if wanted.recording_id is not None:
        return stored.similar_to_recording(wanted.recording_id, **asked)
    if wanted.of_customer is not None:
        return stored.similar_to_customer(wanted.of_customer, **asked)
    return stored.similar_to_examples(wanted.like, **asked)


def _examples(stored: Collection, ids: Sequence[int]) -> dict[int, Utterance]:
    """Those that are still stored, so that they can be heard again."""
    if not ids:
        return {}
    return {one.utterance_id: one for one in stored.select(ids).utterances}


def _spaces(stored: Collection) -> tuple[str, ...]:
    try:
        return tuple(stored.spaces.all())
    except NotFoundError:
        return ()


def _policy(stored: Collection) -> Policy:
    try:
        return stored.policy()
    except NotFoundError:
        return Policy()


def _is_grouped() -> bool:
    return request.args.get("group") == "customer"
