"""How a customer's emotion goes over time: trend, volatility, and change against their own baseline."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.calendar import in_zone
from emovec_db.domain.profile import Change, TrendPoint
from emovec_db.emotions import LABELS
from emovec_db.services.profiles.estimates import differences, interval
from emovec_db.services.profiles.heard import TimedRecording

#: start of the day, week or month in which a local time lies
PERIODS: dict[str, Callable[[datetime], datetime]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
#: of the recordings, the newest are held against the others where nobody says since when
RECENT_SHARE = 1 / 4


def trend(timed: Sequence[TimedRecording], period: str, zone: tzinfo) -> tuple[TrendPoint, ...]:
    """The periods that have recordings, in order, from recordings in the order of time."""
    rows_of: dict[datetime, list[int]] = defaultdict(list)
    for row, one in enumerate(timed):
        local = in_zone(one.recorded_at, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        rows_of[in_zone(PERIODS[period](local), UTC)].append(row)
    scores, steps = scores_of(timed), distances(scores_of(timed))
    return tuple(_point(start, rows, scores, steps) for start, rows in sorted(rows_of.items()))


def _point(start: datetime, rows: Sequence[int], scores: NDArray[np.float64], steps: NDArray[np.float64]) -> TrendPoint:
    own, bounds = scores[rows], interval(scores[rows])
    own_steps = [steps[row - 1] for row in rows if row > 0]
    return TrendPoint(
        start=start,
        recordings=len(rows),
        scores=dict(zip(LABELS, own.mean(axis=0).tolist(), strict=True)),
        intervals=None
        if bounds is None
        else {label: (float(bounds[0][i]), float(bounds[1][i])) for i, label in enumerate(LABELS)},
        volatility=float(np.mean(own_steps)) if own_steps else None,
    )


def volatility(scores: NDArray[np.float64]) -> float | None:
    """Mean Hellinger distance between consecutive rows of scores, float64 (recordings, 9); None for one row."""
    return float(distances(scores).mean()) if len(scores) > 1 else None


def distances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hellinger distance of each row of float64 (recordings, 9) to the one before: float64 (recordings - 1,).

    sqrt(1 - sum(sqrt(p q))), 0 for equal and 1 for disjoint distributions.
    """
    roots = np.sqrt(scores)
    closeness = np.clip((roots[1:] * roots[:-1]).sum(axis=1), 0.0, 1.0)
    found: NDArray[np.float64] = np.sqrt(1.0 - closeness)
    return found


def change(timed: Sequence[TimedRecording], since: datetime | None) -> Change | None:
    """The recordings from `since` on against those before, from recordings in the order of time; None without any.

    Where `since` is None, the newest are those from the time on at which the newest quarter begins, at least one. All
    that are of one time are on one side, so that a day of many calls is not cut in two by chance.
    """
    if not timed:
        return None
    begins = since or timed[-math.ceil(len(timed) * RECENT_SHARE)].recorded_at
    newest = [one for one in timed if one.recorded_at >= begins]
    before = timed[: len(timed) - len(newest)]
    return Change(
        since=begins,
        recordings=len(newest),
        baseline_recordings=len(before),
        scores=differences(scores_of(newest), scores_of(before)),
    )


def scores_of(timed: Sequence[TimedRecording]) -> NDArray[np.float64]:
    """Float64 (recordings, 9)."""
    return np.stack([one.scores for one in timed]) if timed else np.empty((0, len(LABELS)))
