"""Times of recordings: in UTC, in other zones, and which ones are believed."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

from emovec_db.errors import QueryError

#: programs write "no date" as the year 1 or 9999: such a time would be sorted, counted and drawn as if it were one
FIRST_YEAR: Final = 1800
LAST_YEAR: Final = 2999


def in_utc(moment: datetime, zone: tzinfo) -> datetime:
    """The moment in UTC; without a zone it is `zone`'s.

    Raises:
        QueryError: the calendar, of the years 1 to 9999, ends before it.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise QueryError(f"{aware.isoformat()} is outside the years 1 to 9999 in UTC: expected a time within") from None


def recording_time(moment: datetime, zone: tzinfo) -> datetime:
    """When a recording was made, in UTC; without a zone it is `zone`'s.

    Raises:
        QueryError: no recording was made then.
    """
    utc = in_utc(moment, zone)
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise QueryError(
            f"recorded_at is {utc.isoformat()}: expected a time in the years {FIRST_YEAR} to {LAST_YEAR}; "
            "leave it out where it is not known"
        )
    return utc


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment in another zone; never raises: at the calendar's ends the clock of the moment's own is kept."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.replace(tzinfo=zone)
