"""Finding utterances that sound alike in emotion: by examples, a recording, a customer, a draft, a mixture of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from emovec_db.api.pages.choice import PARAMETER, shown
from emovec_db.api.pages.fields import FilterForm, filter_form
from emovec_db.api.pages.problems import explain
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.domain.recording import Utterance
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError, UserError

search = Blueprint("search", __name__)

MATCHES = 24
GROUPS = 8
#: a mixture's shares stand in the address as mix_angry=60 and so on, 0 to 100
MIX = "mix_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for, as it stands in the address."""

    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()
    recording_id: int | None = None
    of_customer: str | None = None
    mixture: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        return not (self.like or self.recording_id or self.of_customer or self.mixture)

    def as_query(self) -> dict[str, Any]:
        """Back into an address."""
        one = {"recording": self.recording_id, "of_customer": self.of_customer}
        mixture = {MIX + label: f"{share:g}" for label, share in self.mixture.items()}
        return {"like": self.like, "unlike": self.unlike, **{k: v for k, v in one.items() if v}, **mixture}


@search.get("/search")
def start() -> str:
    """The question, and what answers it."""
    problem: dict[str, str] | None = None
    wanted, answer, examples = Wanted(), None, {}
    filters = filter_form(request.args)
    try:
        wanted = _wanted(request.args)
        examples = _examples(shown(), (*wanted.like, *wanted.unlike))
        if not wanted.is_nothing:
            answer = _answer(shown(), wanted, filters)
    except UserError as error:
        problem = {"explanation": explain(error.code, error.message), "message": error.message}
    return render_template(
        "search.html",
        wanted=wanted,
        answer=answer,
        examples=examples,
        filters=filters.values,
        grouped=_is_grouped(),
        spaces=_spaces(shown()),
        problem=problem,
        link=_Links(wanted, filters),
        is_further=bool(request.args.get("cursor")),
    )


class _Links:
    """Addresses of questions that follow from this one."""

    def __init__(self, wanted: Wanted, filters: FilterForm) -> None:
        self._wanted = wanted
        self._kept: dict[str, Any] = dict(filters.values)
        for name in ("space", "group", PARAMETER):
            if request.args.get(name):
                self._kept[name] = request.args[name]

    def kept(self) -> dict[str, Any]:
        """Filters and choices, without what is looked for."""
        return self._kept

    def more_like(self, utterance_id: int) -> str:
        like = dict.fromkeys((*self._wanted.like, utterance_id))
        unlike = [one for one in self._wanted.unlike if one != utterance_id]
        return url_for("pages.search.start", like=list(like), unlike=unlike, **self._kept)

    def not_like(self, utterance_id: int) -> str:
        unlike = dict.fromkeys((*self._wanted.unlike, utterance_id))
        like = [one for one in self._wanted.like if one != utterance_id]
        return url_for("pages.search.start", like=like, unlike=list(unlike), **self._kept)

    def without(self, utterance_id: int) -> str:
        like, unlike = (
            [one for one in ids if one != utterance_id] for ids in (self._wanted.like, self._wanted.unlike)
        )
        return url_for("pages.search.start", like=like, unlike=unlike, **self._kept)

    def further(self, cursor: str) -> str:
        return url_for("pages.search.start", **self._wanted.as_query(), **self._kept, cursor=cursor)

    def from_the_start(self) -> str:
        return url_for("pages.search.start", **self._wanted.as_query(), **self._kept)


def _wanted(given: MultiDict[str, str]) -> Wanted:
    mixture = {label: _share(given[MIX + label]) for label in LABELS if given.get(MIX + label)}
    return Wanted(
        like=_ids(given.getlist("like")),
        unlike=_ids(given.getlist("unlike")),
        recording_id=next(iter(_ids(given.getlist("recording"))), None),
        of_customer=given.get("of_customer") or None,
        mixture={label: share for label, share in mixture.items() if share > 0},
    )


def _answer(stored: Collection, wanted: Wanted, filters: FilterForm) -> Answer:
    asked: dict[str, Any] = {**filters.conditions(), "k": GROUPS if _is_grouped() else MATCHES}
    if _is_grouped():
        asked["group_by"] = "customer"
    if request.args.get("cursor"):
        asked["cursor"] = request.args["cursor"]
    if wanted.mixture:
        return stored.similar_to_scores(wanted.mixture, **asked)
    if request.args.get("space"):
        asked["space"] = request.args["space"]
    if wanted.recording_id is not None:
        return stored.similar_to_recording(wanted.recording_id, **asked)
    if wanted.of_customer is not None:
        return stored.similar_to_customer(wanted.of_customer, **asked)
    return stored.similar_to_examples(wanted.like, wanted.unlike, **asked)


def _examples(stored: Collection, ids: Sequence[int]) -> dict[int, Utterance]:
    """Those that are stored, so that they can be heard again."""
    return {utterance_id: stored.utterance(utterance_id) for utterance_id in ids}


def _spaces(stored: Collection) -> tuple[str, ...]:
    try:
        return tuple(stored.spaces.all())
    except NotFoundError:
        return ()


def _is_grouped() -> bool:
    return request.args.get("group") == "customer"


def _ids(texts: Sequence[str]) -> tuple[int, ...]:
    wrong = [text for text in texts if not (text.isdecimal() and len(text) < 19)]
    if wrong:
        raise QueryError(f"got {wrong[0]!r} for an id: expected a whole number")
    return tuple(dict.fromkeys(int(text) for text in texts))


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise QueryError(f"got {text!r} for a share: expected a number from 0 to 100") from error
