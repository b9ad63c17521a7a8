"""How matches look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import moment, printable, recording_name, segment, short_emotion, whole_percent
from emovec_db.domain.answer import Answer
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.explanation import Explanation
from emovec_db.domain.query import Match


def answer_view(answer: Answer, zone: tzinfo, *, narrowed: bool, explain: bool) -> RenderableType:
    """Matches, most similar first; an empty line between groups. `narrowed`: fewer filters might find more."""
    if not answer:
        return Text("No matches" + ("; the filters may be too narrow." if narrowed else "."))
    groups = [answer.matches] if answer.groups is None else [group.matches for group in answer.groups]
    rows = match_table(groups, zone, explain=explain)
    if not explain or answer.scores is None:
        return rows
    return Group(Text(f"searched for: {_heard(answer.scores)}", "dim"), Text(), rows)


def match_table(groups: Sequence[Sequence[Match]], zone: tzinfo, *, explain: bool = False) -> Table:
    """Group by group, in this order, with an empty line between them; in `explain` columns for how they differ."""
    told = ("differs", "same") if explain else ()
    rows = table(
        "similar", "emotion", "", *told, "customer", "recorded", "from – to", "id", "recording",
        right=("similar", "", "id"),
        gives_way={"differs": 9, "same": 9, "customer": 6, "recorded": 10, "from – to": 7, "recording": 8},
    )  # fmt: skip
    for number, matches in enumerate(groups):
        if number:
            rows.add_row()
        for match in matches:
            rows.add_row(*_cells(match, zone, explain=explain))
    return rows


def _cells(match: Match, zone: tzinfo, *, explain: bool) -> list[str]:
    utterance = match.utterance
    return [
        f"{match.similarity:.3f}",
        short_emotion(utterance.prediction.label),
        whole_percent(utterance.prediction.confidence),
        *(_explained(match.explanation) if explain else ()),
        printable(utterance.customer or "–"),
        moment(utterance.recorded_at, zone),
        segment(utterance),
        str(utterance.utterance_id),
        recording_name(utterance.uri, utterance.channel),
    ]


def _explained(explanation: Explanation | None) -> tuple[str, str]:
    """For example ``+31 angry, -20 sad`` in percent points, and ``customer, speaker``."""
    if explanation is None:
        return "", ""
    differs = ", ".join(f"{one.more * 100:+.0f} {one.label}" for one in explanation.differences)
    same = {
        "recording": explanation.same_recording,
        "customer": explanation.same_customer,
        "speaker": explanation.same_speaker,
    }
    return differs or "–", ", ".join(what for what, is_same in same.items() if is_same) or "–"


def _heard(scores: Prediction) -> str:
    """The labels that are heard most, for example ``neutral 65 %, sad 12 %, happy 10 %``."""
    best = sorted(scores.by_label().items(), key=lambda one: -one[1])[:3]
    return ", ".join(f"{label} {whole_percent(score)}" for label, score in best)
