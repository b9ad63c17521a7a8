"""Customers at a glance: order, pages, search by name, and how the negative share went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.customers import CUSTOMER_SORTS, CustomerOverview
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Page
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from tests.stored import JUNE, PROVENANCE, recording

NAMES = ("ann", "Anna", "Zoë", "ZOË II", "李雷", "=cmd()", "b\n", "10", "9")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as opened:
        opened.collection("calls").create()
        yield opened


def add(database: Database, name: str, at: datetime | None, scores: tuple[float, ...]) -> None:
    with database._parts.store.write() as unit:
        count = len(unit.recordings.ids(1))
        new = recording(f"{count}", customer=name, recorded_at=at, summary=Prediction(scores), utterances=())
        unit.recordings.add(unit.collections.get("calls"), new, PROVENANCE)


def angry(share: float) -> tuple[float, ...]:
    """Scores of angry and neutral."""
    return tuple({"angry": share, "neutral": 1 - share}.get(label, 0.0) for label in LABELS)


@pytest.fixture
def calls(database: Database) -> Collection:
    rng = np.random.default_rng(2)
    for number, name in enumerate(NAMES):
        for turn in range(1 + number % 3):
            at = None if number % 4 == 3 else JUNE + timedelta(days=int(rng.integers(90)), hours=turn)
            add(database, name, at, tuple(rng.dirichlet(np.ones(9))))
    return database.collection("calls")


def pages(calls: Collection, limit: int, **asked: str) -> list[CustomerOverview]:
    found: list[CustomerOverview] = []
    page: Page[CustomerOverview] = calls.customers_overview(limit=limit, **asked)
    found += page.items
    while page.next_cursor:
        page = calls.customers_overview(limit=limit, cursor=page.next_cursor, **asked)
        assert page.items
        found += page.items
    return found


@pytest.mark.parametrize("sort", CUSTOMER_SORTS)
@pytest.mark.parametrize("limit", [1, 2, 4, 9])
def test_pages_make_up_one_order(calls: Collection, sort: str, limit: int) -> None:
    found = pages(calls, limit, sort=sort)

    assert sorted(one.customer for one in found) == sorted(NAMES)
    if sort == "name":
        assert [one.customer for one in found] == sorted(NAMES)
    elif sort == "recordings":
        assert [(-one.figures.recordings, one.customer) for one in found] == sorted(
            (-one.figures.recordings, one.customer) for one in found
        )
    elif sort == "last_recorded_at":
        times = [one.figures.last_recorded_at for one in found]
        known = [time for time in times if time]
        assert times == sorted(known, reverse=True) + [None] * (len(times) - len(known))
    else:
        shares = [one.figures.scores[sort] for one in found]
        assert shares == sorted(shares, reverse=True)


def test_names_are_found_by_a_part(calls: Collection) -> None:
    assert [one.customer for one in pages(calls, 1, containing="AN")] == ["Anna", "ann"]
    assert [one.customer for one in pages(calls, 5, containing="zoë")] == ["ZOË II", "Zoë"]
    assert [one.customer for one in pages(calls, 5, containing="雷")] == ["李雷"]
    assert [one.customer for one in pages(calls, 5, containing="%")] == []


def test_figures_and_the_dominant_label(database: Database) -> None:
    add(database, "ann", JUNE, angry(0.8))
    add(database, "ann", JUNE - timedelta(days=1), angry(0.4))
    (one,) = database.collection("calls").customers_overview().items
    assert (one.label, one.figures.recordings, one.figures.duration_s) == ("angry", 2, 5.0)
    assert one.figures.scores["angry"] == pytest.approx(0.6)
    assert one.figures.first_recorded_at == JUNE - timedelta(days=1)
    (week,) = one.trend.weeks
    assert (week.start, week.recordings, week.negative) == (JUNE - timedelta(days=7), 2, pytest.approx(0.6))
    assert (one.trend.direction, one.trend.change) == ("unknown", None)


@pytest.mark.parametrize(
    ("older", "newer", "direction"),
    [
        ([0.2, 0.3, 0.2, 0.3, 0.2], [0.7, 0.8, 0.7, 0.6, 0.7, 0.8], "rising"),
        ([0.7, 0.8, 0.7, 0.6, 0.7, 0.8], [0.2, 0.3, 0.2, 0.3, 0.2], "falling"),
        ([0.1, 0.9, 0.1, 0.9, 0.2], [0.2, 0.9, 0.1, 0.9, 0.8], "steady"),
        ([0.5] * 6, [0.54] * 6, "steady"),
        ([0.2] * 4, [0.9] * 9, "unknown"),
    ],
)
def test_which_way_the_negative_share_goes(
    database: Database, older: list[float], newer: list[float], direction: str
) -> None:
    for share in older:
        add(database, "ann", JUNE - timedelta(weeks=5), angry(share))
    for number, share in enumerate(newer):
        add(database, "ann", JUNE - timedelta(weeks=number % 4), angry(share))
    add(database, "ann", JUNE - timedelta(weeks=9), angry(1.0))

    (one,) = database.collection("calls").customers_overview().items

    assert one.trend.direction == direction
    if direction == "unknown":
        assert one.trend.change is None
        return
    assert one.trend.change == pytest.approx(np.mean(newer) - np.mean(older))
    # what is told is what Welch's test tells
    if direction != "steady":
        assert stats.ttest_ind(newer, older, equal_var=False).pvalue < 0.05


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_a_time_at_the_ends_of_the_calendar_that_was_stored_before_such_were_refused(
    database: Database, at: datetime
) -> None:
    add(database, "ann", at, angry(0.5))

    (one,) = database.collection("calls").customers_overview().items

    (week,) = one.trend.weeks
    assert week.start == (at if at.year == 1 else at - timedelta(weeks=1))


def test_what_cannot_be_asked_is_told(calls: Collection) -> None:
    with pytest.raises(QueryError, match="sort is 'colour': expected one of name, recordings, last_recorded_at, angry"):
        calls.customers_overview(sort="colour")
    with pytest.raises(QueryError, match="a page of 501 customers: expected 1 to 500"):
        calls.customers_overview(limit=501)
    cursor = calls.customers_overview(limit=1).next_cursor
    for bad in ("x", "🙂", "W10", str(cursor)[:-3], "a" * 5_000):
        with pytest.raises(QueryError, match="is no cursor of customers by name"):
            calls.customers_overview(cursor=bad)
    with pytest.raises(QueryError, match="is no cursor of customers by angry"):
        calls.customers_overview(cursor=cursor, sort="angry")


def test_no_customers(database: Database) -> None:
    assert database.collection("calls").customers_overview() == Page((), None)
