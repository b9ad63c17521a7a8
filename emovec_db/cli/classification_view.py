"""How one recording's classification looks on a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.audio.quality import WARNING_TEXTS
from emovec_db.cli.frames_view import frames_view
from emovec_db.cli.text import bar, certainty, duration, emotion_name, percent, printable
from emovec_db.cli.timeline_view import timeline_view
from emovec_db.domain.classification import Classification
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.sound import Quality
from emovec_db.emotions import EMOTIONS

BAR_COLUMNS = 32


def classification_view(file: Path, heard: Classification) -> RenderableType:
    """Label and certainty, nine bars, the course over time if asked for, and warnings."""
    parts: list[RenderableType] = [
        _title(file, heard.quality),
        _verdict(heard.prediction),
        score_bars(heard.prediction),
    ]
    if len(heard.timeline.utterances) > 1:
        parts += [Text(), timeline_view(heard.timeline, heard.left_out)]
    if heard.frames is not None:
        parts += [Text(), frames_view(heard.frames)]
    parts += [Text(f"! {WARNING_TEXTS.get(code, code)}", style="yellow") for code in heard.warnings]
    parts.append(Text(f"encoder {printable(heard.encoder_id)}", style="dim"))
    return Group(*parts)


def _title(file: Path, quality: Quality) -> Text:
    sound = f"{duration(quality.duration_s)}, {printable(quality.codec)}, {quality.sample_rate_hz / 1000:g} kHz"
    return Text.assemble((printable(str(file)), "bold"), (f"  {sound}", "dim"))


def _verdict(prediction: Prediction) -> Text:
    confidence = prediction.confidence
    return Text.assemble((emotion_name(prediction.label), "bold"), f"  {percent(confidence)}, {certainty(confidence)}")


def score_bars(prediction: Prediction) -> Table:
    """Nine rows in the fixed order of the labels, the top one emphasised."""
    rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(no_wrap=True)
    rows.add_column(width=BAR_COLUMNS, no_wrap=True)
    rows.add_column(justify="right", no_wrap=True)
    for emotion, score in zip(EMOTIONS, prediction.scores, strict=True):
        top = emotion.label == prediction.label
        mark, colour = ("▸ ", "bold cyan") if top else ("  ", "cyan")
        style = "bold" if top else ""
        rows.add_row(
            Text(mark + emotion.label, style),
            Text(emotion.zh, style),
            Text(bar(score, BAR_COLUMNS), colour),
            Text(percent(score), style),
        )
    return rows
