"""Which part of a customer's history is asked for, for the facade."""

from __future__ import annotations

from typing import Any

from emovec_db.api.filters import moment
from emovec_db.api.schemas.requests import HistoryQuery


def history(query: HistoryQuery) -> dict[str, Any]:
    """Keyword arguments of profiles and comparisons: only what was given, times as UTC. Raises QueryError."""
    times = {"since": query.since, "until": query.until, "recent_since": query.recent_since}
    given = {name: moment(text) for name, text in times.items() if text}
    return {"period": query.period, "space": query.space, **given}
