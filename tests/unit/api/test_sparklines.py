"""The small drawings in the list of customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from emovec_db.api.pages.sparklines import HEIGHT, MARGIN, WIDTH, sparkline
from emovec_db.domain.customers import NegativeTrend, Week

WEEKS = 8
NEWEST = datetime(2026, 4, 20, tzinfo=UTC)


@given(negative=st.dictionaries(st.integers(1, WEEKS - 1), st.floats(0, 1)), newest=st.floats(0, 1))
def test_points_are_where_their_weeks_and_shares_are(negative: dict[int, float], newest: float) -> None:
    shares = {**negative, 0: newest}
    weeks = tuple(
        Week(start=NEWEST - timedelta(weeks=ago), recordings=1, scores={}, negative=shares[ago])
        for ago in sorted(shares, reverse=True)
    )
    points = sparkline(NegativeTrend(weeks=weeks, change=None, direction="unknown"), WEEKS)
    step = (WIDTH - 2 * MARGIN) / (WEEKS - 1)
    for (x, y), ago in zip(points, sorted(shares, reverse=True), strict=True):
        assert abs(x - (WIDTH - MARGIN - ago * step)) <= 0.05 + 1e-9
        assert abs(y - (HEIGHT - MARGIN - shares[ago] * (HEIGHT - 2 * MARGIN))) <= 0.05 + 1e-9


def test_without_weeks_there_is_nothing_to_draw() -> None:
    assert sparkline(NegativeTrend(weeks=(), change=None, direction="unknown"), WEEKS) == ()
