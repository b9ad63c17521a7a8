"""What is looked for on the search page, and the addresses of questions that follow from it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from emovec_db.api.pages.choice import PARAMETER
from emovec_db.api.pages.fields import FilterForm
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError

#: a mixture's shares stand in the address as mix_angry=60 and so on, 0 to 100
MIX = "mix_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for, as it stands in the address."""

    like: tuple[int, ...] = ()
    recording_id: int | None = None
    of_customer: str | None = None
    #: token of one, and the stretch of it that counts, where that is not all
    draft: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    mixture: Mapping[str, float] = field(default_factory=dict)
    #: beside whatever is looked for
    unlike: tuple[int, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.like or self.recording_id or self.of_customer or self.draft or self.mixture)

    def among(self, stored: Container[int]) -> Wanted:
        """The same without examples that are not stored."""
        like, unlike = (tuple(one for one in ids if one in stored) for ids in (self.like, self.unlike))
        return replace(self, like=like, unlike=unlike)

    def without(self, utterance_id: int) -> Wanted:
        """The same without it as an example, for or against."""
        like, unlike = (tuple(one for one in ids if one != utterance_id) for ids in (self.like, self.unlike))
        return replace(self, like=like, unlike=unlike)

    def as_query(self) -> dict[str, Any]:
        """Back into an address."""
        single = {
            "recording": self.recording_id,
            "of_customer": self.of_customer,
            "draft": self.draft,
            "start_s": self.start_s,
            "end_s": self.end_s,
        }
        mixture = {MIX + label: f"{share:g}" for label, share in self.mixture.items()}
        given = {name: value for name, value in single.items() if value is not None}
        return {"like": self.like, "unlike": self.unlike, **given, **mixture}


def wanted_by(given: MultiDict[str, str]) -> Wanted:
    """As an address has it. Raises QueryError."""
    shares = {label: _number(given.get(MIX + label), MIX + label) for label in LABELS}
    return Wanted(
        like=_ids(given.getlist("like")),
        unlike=_ids(given.getlist("unlike")),
        recording_id=next(iter(_ids(given.getlist("recording"))), None),
        of_customer=given.get("of_customer") or None,
        draft=given.get("draft") or None,
        start_s=_number(given.get("start_s"), "start_s"),
        end_s=_number(given.get("end_s"), "end_s"),
        mixture={label: share for label, share in shares.items() if share},
    )


class Links:
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
        """By examples, whatever was looked for."""
        others = self._wanted.without(utterance_id)
        return self._of(Wanted(like=(*others.like, utterance_id), unlike=others.unlike))

    def not_like(self, utterance_id: int) -> str:
        """The same question, turned away from it."""
        others = self._wanted.without(utterance_id)
        return self._of(replace(others, unlike=(*others.unlike, utterance_id)))

    def without(self, utterance_id: int) -> str:
        return self._of(self._wanted.without(utterance_id))

    def further(self, cursor: str) -> str:
        return self._of(self._wanted, cursor=cursor)

    def from_the_start(self) -> str:
        return self._of(self._wanted)

    def _of(self, wanted: Wanted, **more: Any) -> str:
        return url_for("pages.search.start", **wanted.as_query(), **self._kept, **more)


def _ids(texts: Sequence[str]) -> tuple[int, ...]:
    wrong = [text for text in texts if not (text.isdecimal() and len(text) < 19)]
    if wrong:
        raise QueryError(f"got {wrong[0]!r} for an id: expected a whole number")
    return tuple(dict.fromkeys(int(text) for text in texts))


def _number(text: str | None, name: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise QueryError(f"got {text!r} for {name}: expected a number") from error
    if not isfinite(number):
        raise QueryError(f"got {text!r} for {name}: expected a finite number")
    return number
