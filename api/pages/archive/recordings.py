"""The recordings of a collection: filtered, sorted, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from emovec_db.api.context import context
from emovec_db.api.errors import InvalidRequestError
from emovec_db.api.pages.choice import collection_names, shown, shown_name
from emovec_db.api.pages.fields import FilterForm, filter_form
from emovec_db.api.pages.problems import told
from emovec_db.api.pages.whole_numbers import whole_number
from emovec_db.api.schemas.requests import MAX_ID
from emovec_db.domain.policy import Policy
from emovec_db.domain.query import Page
from emovec_db.domain.recording import Recording
from emovec_db.errors import NotFoundError, QueryError, UserError

PER_PAGE = 50
#: what is sorted by a click: numbers and times begin with the greatest
_DESCENDS_FIRST = frozenset({"recorded_at", "duration_s", "confidence"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list, and how many recordings all its pages have."""

    page: Page[Recording]
    count: int


def start() -> tuple[str, int]:
    """The list, and the form that adds to it."""
    filters = filter_form(request.args)
    listing, problem, status = Listing(Page((), None), 0), None, 200
    is_there, settings = shown_name() in collection_names(), context().settings
    if is_there:
        try:
            listing = _listing(filters)
        except (UserError, InvalidRequestError) as error:
            problem = told(error)
            status = error.http_status
    page = render_template(
        "archive.html",
        listing=listing,
        filters=filters.values,
        problem=problem,
        links=Links(filters, request.args.get("sort") or None),
        is_further=bool(request.args.get("cursor")),
        policy=shown().policy() if is_there else Policy(),
        max_mb=settings.upload_max_mb,
        max_minutes=settings.upload_max_minutes,
        deleted=_deleted() if is_there else None,
    )
    return page, status


def _deleted() -> int | None:
    """The recording that the address says was deleted, if it is gone."""
    try:
        recording_id = whole_number(request.args, "deleted", most=MAX_ID)
        if recording_id is not None:
            shown().recording(recording_id)
    except NotFoundError:
        return recording_id
    except QueryError:
        pass
    return None


class Links:
    """Addresses of the same list in another order, or elsewhere in it."""

    def __init__(self, filters: FilterForm, sort: str | None) -> None:
        self._filters: dict[str, Any] = dict(filters.values)
        self.sort = sort

    def sorted_by(self, field: str) -> str:
        """From the start, by a field; once more in the other direction."""
        descends = self.sort == field if self.sort in (field, "-" + field) else field in _DESCENDS_FIRST
        return self._to(sort="-" + field if descends else field)

    def direction(self, field: str) -> str:
        """For ``aria-sort``."""
        return {field: "ascending", "-" + field: "descending"}.get(self.sort or "", "none")

    def unsorted(self) -> str:
        """Those stored last first."""
        return self._to()

    def unfiltered(self) -> str:
        return url_for("pages.archive.start", sort=self.sort)

    def first(self) -> str:
        return self._to(sort=self.sort)

    def next(self, cursor: str) -> str:
        return self._to(sort=self.sort, cursor=cursor)

    def _to(self, **values: Any) -> str:
        return url_for("pages.archive.start", **self._filters, **values)


def _listing(filters: FilterForm) -> Listing:
    conditions, sort = filters.conditions(), request.args.get("sort") or None
    page = shown().recordings(cursor=request.args.get("cursor"), limit=PER_PAGE, sort=sort, **conditions)
    return Listing(page, shown().count_recordings(**conditions))
