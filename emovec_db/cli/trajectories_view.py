"""How recordings found by their course look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import clock, moment, printable, recording_name, short_emotion, whole_percent
from emovec_db.domain.pattern import ANY
from emovec_db.domain.recording import Recording
from emovec_db.domain.trajectory import PlacedPart, SimilarCourses, Trajectory
from emovec_db.emotions import EMOTION_BY_LABEL


def trajectories_view(found: Sequence[Trajectory], zone: tzinfo) -> RenderableType:
    """Per recording a line for each part of the pattern."""
    if not found:
        return Text(
            "No recording runs so. Shorter parts, `any` between them, a lower --min-clarity or wider filters find more."
        )
    rows = _table("clarity")
    for one in found:
        _add(rows, _told(one.recording, one.clarity, zone), one.parts)
    return rows


def courses_view(found: SimilarCourses, given: str, zone: tzinfo) -> RenderableType:
    """The given course, then per recording a line for each part of its own."""
    rows = _table("similar")
    _add(rows, ["given", "", "", "", printable(given)], found.course)
    for one in found.matches:
        _add(rows, _told(one.recording, one.similarity, zone), one.parts)
    if found.matches:
        return rows
    return Group(rows, Text(), Text("No recording is about as long; --stretch allows more."))


def _table(value: str) -> Table:
    return table(
        value, "customer", "recorded", "id", "recording", "part", "from", "to", "score",
        right=(value, "id", "from", "to", "score"), gives_way={"customer": 6, "recorded": 10, "recording": 8},
    )  # fmt: skip


def _told(recording: Recording, value: float, zone: tzinfo) -> list[str]:
    return [
        f"{value:.3f}",
        printable(recording.details.customer or "–"),
        moment(recording.details.recorded_at, zone),
        str(recording.recording_id),
        recording_name(recording.uris[0] if recording.uris else None, recording.channel),
    ]


def _add(rows: Table, told: list[str], parts: Sequence[PlacedPart]) -> None:
    for part in parts:
        name = short_emotion(part.name) if part.name in EMOTION_BY_LABEL else part.name
        score = "" if part.name == ANY else whole_percent(part.score)
        rows.add_row(*told, name, clock(part.start_s), clock(part.end_s), score)
        told = [""] * len(told)
