"""How the course of nine scores over time looks on a terminal."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import bar, clock, percent, short_emotion, sparkline
from emovec_db.domain.encoding import Frames
from emovec_db.emotions import LABELS

CURVE_COLUMNS = 40
MOST_ROWS = 20
#: labels that never reach this get no curve
SHOWN_FROM = 0.1


def frames_view(frames: Frames) -> RenderableType:
    """A curve for each label that matters, and the strongest label of each second."""
    return Group(_curves(frames), Text(), _timeline(frames))


def _curves(frames: Frames) -> Table:
    rows = table("over time", "", "peak", "at", right=("peak", "at"))
    binned = means(frames.scores, min(CURVE_COLUMNS, len(frames.scores)))
    for place, label in enumerate(LABELS):
        course = frames.scores[:, place]
        peak = int(course.argmax())
        if course[peak] >= SHOWN_FROM:
            rows.add_row(
                label, sparkline(binned[:, place].tolist()), percent(float(course[peak])), clock(peak / frames.hz)
            )
    return rows


def _timeline(frames: Frames) -> Table:
    """One row per second, or per as many seconds as keep the table short."""
    step_s = max(1, math.ceil(len(frames.scores) / frames.hz / MOST_ROWS))
    rows = table("from", "strongest", "", "", right=("from",))
    for start in range(0, len(frames.scores), round(step_s * frames.hz)):
        step = frames.scores[start : start + round(step_s * frames.hz)]
        heard = step[step.any(axis=1)]  # the rest are gaps of a track
        if not len(heard):
            rows.add_row(clock(start / frames.hz), "–", "", "")
            continue
        mean = heard.mean(axis=0)
        top = int(mean.argmax())
        score = float(mean[top])
        rows.add_row(clock(start / frames.hz), short_emotion(LABELS[top]), Text(bar(score, 20), "cyan"), percent(score))
    return rows


def means(scores: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Means of float32 (frames, 9) over `bins` stretches of about equal length, float32 (bins, 9)."""
    return np.stack([part.mean(axis=0) for part in np.array_split(scores, bins)])
