"""Times of recordings, up to the calendar's ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.calendar import in_utc, in_zone, recording_time
from emovec_db.errors import QueryError

ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), timezone(timedelta(hours=-23))])


@given(moment=st.datetimes(), zone=ZONES)
def test_a_time_is_in_utc_or_refused(moment: datetime, zone: tzinfo) -> None:
    try:
        utc = in_utc(moment, zone)
    except QueryError:
        assert moment.year in {1, 9999}
    else:
        offset = zone.utcoffset(moment.replace(tzinfo=zone))
        assert utc == (moment - (offset or timedelta())).replace(tzinfo=UTC)


@pytest.mark.parametrize("year", [1800, 1970, 2026, 2999])
def test_recordings_have_years_that_are_believed(year: int) -> None:
    assert recording_time(datetime(year, 1, 1), UTC) == datetime(year, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("year", [1, 1799, 3000, 9999])
def test_and_no_others(year: int) -> None:
    with pytest.raises(QueryError, match="expected a time in the years 1800 to 2999; leave it out where it is not"):
        recording_time(datetime(year, 6, 1), UTC)


@given(moment=st.datetimes(timezones=ZONES), zone=ZONES)
def test_any_time_is_told_in_any_zone(moment: datetime, zone: tzinfo) -> None:
    local = in_zone(moment, zone)

    assert local.tzinfo is zone
    if 1 < moment.year < 9999:
        assert local - moment == timedelta()
