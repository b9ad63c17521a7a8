"""How matches look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import moment, printable, recording_name, segment, short_emotion, whole_percent
from emovec_db.domain.answer import Answer
from emovec_db.domain.query import Match


def answer_view(answer: Answer, zone: tzinfo, *, narrowed: bool) -> RenderableType:
    """Matches, most similar first; an empty line between groups. `narrowed`: fewer filters might find more."""
    if not answer:
        return Text("No matches" + ("; the filters may be too narrow." if narrowed else "."))
    groups = [answer.matches] if answer.groups is None else [group.matches for group in answer.groups]
    return match_table(groups, zone)


def match_table(groups: Sequence[Sequence[Match]], zone: tzinfo) -> Table:
    """Group by group, in this order, with an empty line between them."""
    rows = table(
        "similar", "emotion", "", "customer", "recorded", "from – to", "id", "recording",
        right=("similar", "", "id"), gives_way={"customer": 6, "recorded": 10, "from – to": 7, "recording": 8},
    )  # fmt: skip
    for number, matches in enumerate(groups):
        if number:
            rows.add_row()
        for match in matches:
            rows.add_row(*_cells(match, zone))
    return rows


def _cells(match: Match, zone: tzinfo) -> list[str]:
    utterance = match.utterance
    return [
        f"{match.similarity:.3f}",
        short_emotion(utterance.prediction.label),
        whole_percent(utterance.prediction.confidence),
        printable(utterance.customer or "–"),
        moment(utterance.recorded_at, zone),
        segment(utterance),
        str(utterance.utterance_id),
        recording_name(utterance.uri, utterance.channel),
    ]
