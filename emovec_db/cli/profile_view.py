"""How a customer's profile looks on a terminal."""

from __future__ import annotations

from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.search_view import match_table
from emovec_db.cli.text import bar, count, duration, moment, percent, printable, short_emotion
from emovec_db.domain.profile import Estimate, Profile, TrendPoint
from emovec_db.emotions import LABELS

BAR_COLUMNS = 16


def profile_view(profile: Profile, zone: tzinfo) -> RenderableType:
    """Everything a profile says, most important first."""
    parts: list[RenderableType] = [_title(profile, zone), Text(), _emotions(profile)]
    if profile.trend:
        parts += [Text(), _trend(profile, zone)]
    parts += [Text(), _steadiness(profile)]
    for title, matches in (("Most typical", profile.typical), ("Most unusual", profile.unusual)):
        if matches:
            parts += [Text(), Text(title, "bold"), match_table([matches], zone)]
    if profile.nearest:
        near = ", ".join(f"{printable(other.customer)} ({other.similarity:.3f})" for other in profile.nearest)
        parts += [Text(), Text.assemble(("Nearest customers  ", "bold"), near)]
    return Group(*parts)


def _title(profile: Profile, zone: tzinfo) -> Text:
    size = f"{count(profile.recordings, 'recording')}, {count(profile.utterances, 'utterance')}, "
    span = ""
    if profile.first_recorded_at is not None:
        span = f", {moment(profile.first_recorded_at, zone)} to {moment(profile.last_recorded_at, zone)}"
    return Text.assemble(
        (f"Customer {printable(profile.customer)}", "bold"), f"  {size}{duration(profile.duration_s)}{span}"
    )


def _emotions(profile: Profile) -> Table:
    rows = table("emotion", "recordings", "mean score", "", "95 % interval", right=("recordings",))
    top = max(profile.labels, key=lambda label: profile.labels[label], default=None)
    for label in LABELS:
        estimate = profile.scores[label]
        rows.add_row(
            short_emotion(label),
            percent(profile.labels.get(label, 0.0)),
            Text(bar(estimate.mean, BAR_COLUMNS), "cyan"),
            percent(estimate.mean),
            Text(_interval(estimate), "dim"),
            style="bold" if label == top else None,
        )
    return rows


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "too few recordings"
    return f"{percent(estimate.low)} – {percent(estimate.high)}"


def _trend(profile: Profile, zone: tzinfo) -> Table:
    rows = table(f"{profile.period} of", "recordings", "strongest", "", "then", "", right=("recordings",))
    for point in profile.trend:
        first, second = _strongest(point)
        rows.add_row(
            point.start.astimezone(zone).strftime("%Y-%m-%d"),
            str(point.recordings),
            short_emotion(first),
            Text.assemble(
                (f"{bar(point.scores[first], BAR_COLUMNS):<{BAR_COLUMNS}} ", "cyan"), percent(point.scores[first])
            ),
            short_emotion(second),
            percent(point.scores[second]),
        )
    return rows


def _strongest(point: TrendPoint) -> tuple[str, str]:
    first, second, *_ = sorted(point.scores, key=lambda label: -point.scores[label])
    return first, second


def _steadiness(profile: Profile) -> Text:
    volatility = "unknown (needs two times)" if profile.volatility is None else f"{profile.volatility:.3f}"
    return Text.assemble(
        ("Spread  ", "bold"), f"{profile.spread:.3f}    ", ("Volatility  ", "bold"), volatility,
        ("    0 is steady, 1 is as unlike as can be", "dim"),
    )  # fmt: skip
