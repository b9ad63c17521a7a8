"""How emotion goes through a recording, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import bar, clock, count, duration, percent, short_emotion, whole_percent
from emovec_db.domain.recording import Utterance
from emovec_db.domain.segmentation import LeftOut
from emovec_db.domain.timeline import Heard, Timeline

BAR_COLUMNS = 20


def timeline_view(timeline: Timeline, left_out: LeftOut) -> RenderableType:
    """What a recording is made of, how much time each label has, where it is strongest, and every utterance."""
    parts: list[RenderableType] = [accounting(timeline, left_out), Text()]
    if len(timeline.utterances) > 1:
        parts += [_moments(timeline), Text()]
    return Group(*parts, _utterances(timeline.utterances))


def accounting(timeline: Timeline, left_out: LeftOut) -> Text:
    """For example ``2 utterances, 7.3 s; left out: 30.2 s of silence``."""
    reasons = {"silence": left_out.silence_s, "other sound without speech": left_out.other_sound_s}
    without = ", ".join(f"{duration(seconds)} of {what}" for what, seconds in reasons.items() if seconds >= 0.05)
    heard = f"{count(len(timeline.utterances), 'utterance')}, {duration(timeline.heard_s)}"
    return Text(f"{heard}; left out: {without}" if without else heard, "dim")


def _moments(timeline: Timeline) -> Table:
    """Per label that was ever the top one: its share of the time, and where its confidence was greatest."""
    rows = table("emotion", "of the time", "", "strongest", right=("of the time",))
    shares, strongest = timeline.time_shares(), timeline.strongest()
    for label in sorted(strongest, key=lambda label: -shares[label]):
        moments = [f"{clock(one.start_s)} ({whole_percent(one.prediction.confidence)})" for one in strongest[label]]
        share = Text(bar(shares[label], BAR_COLUMNS), "cyan")
        rows.add_row(short_emotion(label), percent(shares[label]), share, ", ".join(moments))
    return rows


def _utterances(utterances: Sequence[Heard]) -> Table:
    """One row each in the order of time; with its id where it is stored."""
    stored = [one.utterance_id for one in utterances if isinstance(one, Utterance)]
    right = [*(["utterance"] if stored else []), "from", "to"]
    rows = table(*right, "emotion", "", "confidence", right=(*right, "confidence"))
    for place, one in enumerate(utterances):
        confidence = one.prediction.confidence
        rows.add_row(
            *([str(stored[place])] if stored else []),
            clock(one.start_s),
            clock(one.end_s),
            short_emotion(one.prediction.label),
            Text(bar(confidence, BAR_COLUMNS), "cyan"),
            percent(confidence),
        )
    return rows
