"""How a re-encoding, a sample of one, and generations look on a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.ingest_view import errors_view
from emovec_db.cli.output import table
from emovec_db.cli.text import count, duration, moment, path_text, percent, printable, short_emotion
from emovec_db.domain.collection import Generation, GenerationState, GenerationSummary
from emovec_db.domain.reencoding import LabelChanges, ReencodeOutcome, ReencodeReport

#: scores that change less are not told
TOLD_CHANGE = 0.005


def reencode_view(report: ReencodeReport, collection: str, pinned: str | None) -> RenderableType:
    """What the collection serves from now, what was lost, and what to do next.

    `pinned` is what EMOVEC_ENCODER says, if anything.
    """
    made_of, name = _made_of(report.generation), printable(collection)
    if report.outcome is ReencodeOutcome.UNCHANGED:
        return Text(f"Nothing to do: collection {name} is encoded by {made_of} already.")
    parts: list[RenderableType] = [_encoded(report)]
    parts += errors_view(report.lost)
    if report.held_back:
        parts.append(Text(_held_back(report), "bold"))
        return Group(*parts)
    if report.deleted:
        parts.append(Text(f"\nDeleted {count(report.deleted, 'recording')} that can't be encoded any more."))
    parts.append(Text(f"\nCollection {name} serves from generation {report.generation.generation_id}: {made_of}."))
    source = report.generation.recipe.encoder_source
    if pinned is not None and pinned != source:
        parts.append(
            Text(
                f"! EMOVEC_ENCODER is {printable(pinned)}: unset it, or set it to {printable(source)}, for servers and "
                "workers too",
                "yellow",
            )
        )
    chosen = "" if collection == "default" else f" --collection {shlex.quote(name)}"
    parts.append(Text(f"The one before is kept: emovec generations list{chosen}"))
    return Group(*parts)


def label_changes_view(changes: LabelChanges) -> RenderableType:
    """How often which label becomes which, how far scores move, and how long all would take."""
    parts: list[RenderableType] = [
        Text(
            f"{count(changes.recordings, 'recording')}: {printable(changes.before)} → {printable(changes.after)}",
            "bold",
        )
    ]
    if changes.recordings:
        parts += [
            Text(f"{percent(changes.agreement)} keep their label.\n"),
            _moves(changes),
            Text(f"\nA score changes by {changes.mean_score_change:.3f} on average: {_score_changes(changes)}"),
        ]
    if changes.examples:
        parts.append(Text("\nRecordings whose label changes, the surest first:", "bold"))
    for example in changes.examples:
        before, after = (
            f"{short_emotion(one.label)} {percent(one.confidence)}" for one in (example.before, example.after)
        )
        parts.append(Text(f"  {before} → {after}  {path_text(example.uri)}"))
    parts += errors_view(changes.lost)
    if changes.duration_s:
        whole_s = changes.total_duration_s * changes.seconds / changes.duration_s
        parts.append(
            Text(
                f"\n{duration(changes.duration_s)} of sound took {duration(changes.seconds)}; the whole collection "
                f"({duration(changes.total_duration_s)}) would take about {duration(whole_s)}. Nothing was changed.",
                "dim",
            )
        )
    return Group(*parts)


def generations_table(generations: Sequence[GenerationSummary], zone: tzinfo) -> Table:
    """One line per generation."""
    rows = table(
        "generation", "state", "recordings", "missing", "encoder", "segmentation", "served from",
        right=("generation", "recordings", "missing"), gives_way={"encoder": 16},
    )  # fmt: skip
    for summary in generations:
        rows.add_row(
            str(summary.generation.generation_id),
            Text(summary.state.value, "bold" if summary.state is GenerationState.ACTIVE else ""),
            f"{summary.recordings:,}",
            f"{summary.missing:,}",
            printable(summary.generation.encoder.encoder_id),
            printable(summary.generation.recipe.segmentation),
            moment(summary.activated_at, zone),
        )
    return rows


def _held_back(report: ReencodeReport) -> str:
    told = f"\nNot switched: {count(len(report.lost), 'recording')} can't be encoded any more."
    if report.uploads_lost:
        return (
            f"{told} {count(report.uploads_lost, 'upload')} among them: their only copy is kept here, so they are "
            "deleted by emovec delete alone. Then run the same command again."
        )
    return (
        f"{told} Where files are missing, bring them back and run the same command again; or give it --delete-lost "
        f"{len(report.lost)} to delete these recordings."
    )


def _encoded(report: ReencodeReport) -> Text:
    text = Text(f"{count(report.encoded, 'recording')} encoded", "bold")
    if report.encoded and report.seconds > 0:
        rate = f"{report.encoded / report.seconds:.1f} recordings/s"
        sound = f"{duration(report.duration_s)} of sound in {duration(report.seconds)}"
        text.append(f" ({sound}: {rate}, {report.duration_s / report.seconds:.0f} × real time)", "not bold")
    if report.lost:
        text.append(f", {len(report.lost):,} lost", "bold red")
    return text


def _made_of(generation: Generation) -> str:
    return f"{printable(generation.encoder.encoder_id)}, {printable(generation.recipe.segmentation)}"


def _moves(changes: LabelChanges) -> Table:
    rows = table("from", "to", "recordings", "", right=("recordings",))
    for (before, after), number in changes.moves.items():
        stays = "stays" if before == after else ""
        rows.add_row(short_emotion(before), short_emotion(after), f"{number:,}", stays)
    return rows


def _score_changes(changes: LabelChanges) -> str:
    told = sorted(changes.score_changes.items(), key=lambda item: -abs(item[1]))
    return (
        ", ".join(f"{label} {change:+.3f}" for label, change in told if abs(change) >= TOLD_CHANGE) or "none by 0.005"
    )
