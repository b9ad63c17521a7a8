"""How emotion goes through a recording, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.text import bar, clock, count, duration, percent, short_emotion, whole_percent
from emovec_db.domain.recording import Utterance
from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.domain.timeline import Heard, Timeline

BAR_COLUMNS = 20
SEVERAL = "several voices"


def timeline_view(timeline: Timeline, left_out: LeftOut) -> RenderableType:
    """What a recording is made of, how much time each label has, where it is strongest, and every utterance.

    Where voices are told apart, the middle two for each of them too.
    """
    parts: list[RenderableType] = [accounting(timeline, left_out), Text()]
    if len(timeline.utterances) > 1:
        parts += [_moments(timeline), Text()]
    voices = timeline.by_voice()
    for voice, own in voices.items() if len(voices) > 1 else ():
        parts += [_voice(voice, own), _moments(own), Text()]
    return Group(*parts, _utterances(timeline.utterances, left_out.overlaps))


def accounting(timeline: Timeline, left_out: LeftOut) -> Text:
    """For example ``2 utterances, 7.3 s; left out: 30.2 s of silence``."""
    reasons = {
        "silence": left_out.silence_s,
        "other sound without speech": left_out.other_sound_s,
        "several voices at once": left_out.overlap_s,
        "words too short to stand alone": left_out.fragments_s,
    }
    without = ", ".join(f"{duration(seconds)} of {what}" for what, seconds in reasons.items() if seconds >= 0.05)
    heard = f"{count(len(timeline.utterances), 'utterance')}, {duration(timeline.heard_s)}"
    return Text(f"{heard}; left out: {without}" if without else heard, "dim")


def _voice(voice: str, own: Timeline) -> Text:
    """For example ``Voice A, 12.3 s: 😠 angry 61.3 %``."""
    summary = own.summary()
    mean = f", {duration(own.heard_s)}: {short_emotion(summary.label)} {percent(summary.confidence)}"
    return Text.assemble((f"Voice {voice}", "bold"), mean)


def _moments(timeline: Timeline) -> Table:
    """Per label that was ever the top one: its share of the time, and where its confidence was greatest."""
    rows = table("emotion", "of the time", "", "strongest", right=("of the time",))
    shares, strongest = timeline.time_shares(), timeline.strongest()
    for label in sorted(strongest, key=lambda label: -shares[label]):
        moments = [f"{clock(one.start_s)} ({whole_percent(one.prediction.confidence)})" for one in strongest[label]]
        share = Text(bar(shares[label], BAR_COLUMNS), "cyan")
        rows.add_row(short_emotion(label), percent(shares[label]), share, ", ".join(moments))
    return rows


def _utterances(utterances: Sequence[Heard], overlaps: Sequence[Segment]) -> Table:
    """One row each in the order of time, with its id where it is stored, and its voice where voices are told apart."""
    stored = any(isinstance(one, Utterance) for one in utterances)
    voiced = any(one.voice is not None for one in utterances)
    right = [*(["utterance"] if stored else []), "from", "to"]
    rows = table(*right, *(["voice"] if voiced else []), "emotion", "", "confidence", right=(*right, "confidence"))
    in_time: list[Heard | Segment] = sorted([*utterances, *overlaps], key=lambda one: one.start_s)
    for one in in_time:
        times = [clock(one.start_s), clock(one.end_s)]
        if isinstance(one, Segment):
            rows.add_row(*([""] if stored else []), *times, *([""] if voiced else []), SEVERAL, style="dim")
            continue
        confidence = one.prediction.confidence
        rows.add_row(
            *([str(one.utterance_id)] if isinstance(one, Utterance) else []),
            *times,
            *([one.voice or ""] if voiced else []),
            short_emotion(one.prediction.label),
            Text(bar(confidence, BAR_COLUMNS), "cyan"),
            percent(confidence),
        )
    return rows
