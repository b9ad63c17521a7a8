"""Small drawings of how customers' negative share went, as coordinates for SVG."""

from __future__ import annotations

from datetime import timedelta

from emovec_db.domain.customers import NegativeTrend

#: of the drawing, in its own units; the margin leaves room for a point
WIDTH, HEIGHT, MARGIN = 96, 28, 4
WEEK = timedelta(weeks=1)


def sparkline(trend: NegativeTrend, weeks: int) -> tuple[tuple[float, float], ...]:
    """A point (x, y) for each week that has recordings: the newest at the right, a share of 1 at the top.

    `weeks` fit into the width, so that drawings of different customers go over the same time.
    """
    if not trend.weeks:
        return ()
    newest, step = trend.weeks[-1].start, (WIDTH - 2 * MARGIN) / (weeks - 1)
    return tuple(
        (
            round(WIDTH - MARGIN - (newest - week.start) / WEEK * step, 1),
            round(MARGIN + (1 - week.negative) * (HEIGHT - 2 * MARGIN), 1),
        )
        for week in trend.weeks
    )
