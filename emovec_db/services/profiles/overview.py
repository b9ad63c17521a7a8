"""All customers of a collection at a glance, page by page."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emovec_db.domain.collection import Collection
from emovec_db.domain.customers import (
    CUSTOMER_SORTS,
    CustomerFigures,
    CustomerOverview,
    CustomerRank,
    Direction,
    NegativeTrend,
    Week,
    WeekFigures,
)
from emovec_db.domain.query import Page
from emovec_db.errors import QueryError
from emovec_db.services.profiles.estimates import CLEAR_DIFFERENCE, DIFFERENCE_MIN_RECORDINGS
from emovec_db.store.store import Store

#: of the trend; the newer half is held against the older half
WEEKS = 8
#: of five recordings a half, chance goes beyond in 3 or 4 of 100 customers; beyond two it does in 7
CLEAR_ERRORS = 2.5
MAX_PAGE = 500
#: of sorting by time: customers whose recordings have none come last
_NO_TIME_S = 1e15
_BEGINNING = datetime.min.replace(tzinfo=UTC)
#: of sorting by a score: what a database sums up in another order differs in digits beyond
_DIGITS = 9

#: where a customer comes in the order: by this number, then by name
_Place = tuple[float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewQuestion:
    """Which customers, in which order, and which page of them."""

    sort: str = "name"
    #: a part of the name, in capitals or not
    containing: str = ""
    cursor: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        if self.sort not in CUSTOMER_SORTS:
            raise QueryError(f"sort is {self.sort!r}: expected one of {', '.join(CUSTOMER_SORTS)}")
        if not 1 <= self.limit <= MAX_PAGE:
            raise QueryError(f"a page of {self.limit} customers: expected 1 to {MAX_PAGE}")


def customers_overview(store: Store, collection: Collection, question: OverviewQuestion) -> Page[CustomerOverview]:
    """The customers whose name holds the text, by name or the greatest first, with what their recordings come to.

    Names are ordered and compared here, by code points and Unicode's case folding: each database has ways of its own.

    Raises:
        QueryError: the cursor is not of a page in this order.
    """
    after = None if question.cursor is None else _place_behind(question.cursor, question.sort)
    part = question.containing.casefold()
    with store.read() as unit:
        ranks = unit.customers.ranks(collection, question.sort)
        ordered = sorted((_place(one, question.sort), one.customer_id) for one in ranks if part in one.name.casefold())
        left = [one for one in ordered if after is None or one[0] > after]
        shown = left[: question.limit]
        ids = [customer_id for _, customer_id in shown]
        figures, weeks = unit.customers.figures(collection, ids), unit.customers.weeks(collection, ids, WEEKS)
    items = tuple(
        CustomerOverview(customer=name, figures=figures[key], trend=_trend(figures[key], weeks[key]))
        for (_, name), key in shown
    )
    more = len(left) > len(shown)
    return Page(items, _cursor(question.sort, shown[-1][0]) if more else None)


def _place(rank: CustomerRank, sort: str) -> _Place:
    if sort == "name":
        return 0.0, rank.name
    if isinstance(rank.value, datetime):
        return -rank.value.timestamp(), rank.name
    return (_NO_TIME_S if rank.value is None else -round(float(rank.value), _DIGITS)), rank.name


def _trend(figures: CustomerFigures, weeks: Sequence[WeekFigures]) -> NegativeTrend:
    """The newer half of the weeks is held against the older half.

    It is rising or falling where the difference of their means over recordings is clear: at least `CLEAR_DIFFERENCE`,
    and beyond `CLEAR_ERRORS` of its standard error (Welch's, from the two variances).
    """
    shown = tuple(_week(figures, one) for one in reversed(weeks))
    newer, older = ([one for one in weeks if (one.weeks_ago < WEEKS // 2) is new] for new in (True, False))
    if min(sum(one.recordings for one in half) for half in (newer, older)) < DIFFERENCE_MIN_RECORDINGS:
        return NegativeTrend(weeks=shown, change=None, direction="unknown")
    (mean, error), (before, error_before) = _mean_and_error(newer), _mean_and_error(older)
    change = mean - before
    direction: Direction = "steady"
    if abs(change) >= CLEAR_DIFFERENCE and abs(change) > CLEAR_ERRORS * math.hypot(error, error_before):
        direction = "rising" if change > 0 else "falling"
    return NegativeTrend(weeks=shown, change=change, direction=direction)


def _mean_and_error(weeks: Sequence[WeekFigures]) -> tuple[float, float]:
    """Mean negative share over recordings, and its standard error."""
    count = sum(week.recordings for week in weeks)
    mean = math.fsum(week.negative for week in weeks) / count
    squares = math.fsum(week.negative_squares for week in weeks)
    return mean, math.sqrt(max(0.0, squares - count * mean**2) / (count - 1) / count)


def _week(figures: CustomerFigures, week: WeekFigures) -> Week:
    last = figures.last_recorded_at
    assert last is not None  # else it has no weeks
    return Week(
        # of a time that was stored before such were refused, the week may begin before the calendar does
        start=last - min(timedelta(weeks=week.weeks_ago + 1), last - _BEGINNING),
        recordings=week.recordings,
        scores=week.scores,
        negative=week.negative / week.recordings,
    )


def _cursor(sort: str, place: _Place) -> str:
    text = json.dumps(["customers", sort, *place], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place_behind(cursor: str, sort: str) -> _Place:
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        kind, by, number, name = found
        if (kind, by) == ("customers", sort) and isinstance(name, str) and isinstance(number, int | float):
            return float(number), name
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass
    raise QueryError(f"{cursor!r} is no cursor of customers by {sort}: expected the next_cursor of the page before")
