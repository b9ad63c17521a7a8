"""How recordings look on a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.audio.quality import WARNING_TEXTS
from emovec_db.cli.classification_view import score_bars
from emovec_db.cli.output import table
from emovec_db.cli.text import (
    duration,
    emotion_name,
    moment,
    path_text,
    percent,
    printable,
    recording_name,
    short_emotion,
    whole_percent,
)
from emovec_db.cli.timeline_view import timeline_view
from emovec_db.domain.recording import Recording, Utterance
from emovec_db.domain.timeline import Timeline


def recordings_table(recordings: Sequence[Recording], zone: tzinfo) -> Table:
    """One row each."""
    rows = table(
        "id", "emotion", "", "customer", "recorded", "length", "recording",
        right=("id", "", "length"), gives_way={"customer": 6, "recorded": 10, "recording": 8},
    )  # fmt: skip
    for recording in recordings:
        rows.add_row(
            str(recording.recording_id),
            short_emotion(recording.summary.label),
            whole_percent(recording.summary.confidence),
            printable(recording.details.customer or "–"),
            moment(recording.details.recorded_at, zone),
            duration(recording.quality.duration_s),
            recording_name(recording.uris[0] if recording.uris else None, recording.channel),
        )
    return rows


def recording_view(
    recording: Recording, utterances: Sequence[Utterance], siblings: Sequence[Recording], zone: tzinfo
) -> RenderableType:
    """What is known of a recording, its scores, and the timeline of its utterances."""
    summary = recording.summary
    parts: list[RenderableType] = [
        Text(f"Recording {recording.recording_id}", "bold"),
        _facts(recording, utterances, siblings, zone),
        Text(),
        Text.assemble((emotion_name(summary.label), "bold"), f"  {percent(summary.confidence)}"),
        score_bars(summary),
        Text(),
        timeline_view(Timeline(tuple(utterances)), recording.left_out),
    ]
    parts += [Text(f"! {WARNING_TEXTS.get(code, code)}", "yellow") for code in recording.quality.warnings]
    return Group(*parts)


def _facts(recording: Recording, utterances: Sequence[Utterance], siblings: Sequence[Recording], zone: tzinfo) -> Table:
    details, quality = recording.details, recording.quality
    sound = f"{duration(quality.duration_s)}, {printable(quality.codec)}, {quality.sample_rate_hz / 1000:g} kHz"
    facts = {
        "source": "\n".join(path_text(uri) for uri in recording.uris) or None,
        "channel": printable(recording.channel),
        "other channels": ", ".join(_sibling(one) for one in siblings) or None,
        "customer": details.customer and printable(details.customer),
        "speaker": details.speaker and printable(details.speaker),
        "role": details.role and printable(details.role),
        "recorded": moment(details.recorded_at, zone) if details.recorded_at else None,
        "metadata": printable(json.dumps(dict(details.metadata), ensure_ascii=False)) if details.metadata else None,
        "sound": sound,
        "decoded by": ", ".join(dict.fromkeys(printable(one.provenance.decode_chain) for one in utterances)) or None,
        "stored": moment(recording.created_at, zone),
    }
    rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            rows.add_row(name, value)
    return rows


def _sibling(recording: Recording) -> str:
    """For example ``right (customer): 18``."""
    role = f" ({printable(recording.details.role)})" if recording.details.role else ""
    return f"{printable(recording.channel)}{role}: {recording.recording_id}"
