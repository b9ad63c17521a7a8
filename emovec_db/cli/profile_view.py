"""How a customer's profile looks on a terminal."""

from __future__ import annotations

from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emovec_db.cli.output import table
from emovec_db.cli.search_view import match_table
from emovec_db.cli.text import bar, count, duration, moment, percent, printable, short_emotion
from emovec_db.domain.calendar import in_zone
from emovec_db.domain.profile import Change, CustomerComparison, Difference, Estimate, Profile, TrendPoint
from emovec_db.emotions import LABELS

BAR_COLUMNS = 16


def profile_view(profile: Profile, zone: tzinfo) -> RenderableType:
    """Everything a profile says, most important first."""
    parts: list[RenderableType] = [_title(profile, zone), Text(), _emotions(profile)]
    if profile.trend:
        parts += [Text(), _trend(profile, zone)]
    if profile.change is not None:
        parts += [Text(), _change(profile.change, zone)]
    parts += [Text(), _steadiness(profile)]
    for title, matches in (("Most typical", profile.typical), ("Most unusual", profile.unusual)):
        if matches:
            parts += [Text(), Text(title, "bold"), match_table([matches], zone)]
    if profile.nearest:
        near = ", ".join(f"{printable(other.customer)} ({other.similarity:.3f})" for other in profile.nearest)
        parts += [Text(), Text.assemble(("Nearest customers  ", "bold"), near)]
    return Group(*parts)


def comparison_view(comparison: CustomerComparison) -> RenderableType:
    """How two customers differ, label by label."""
    first, second = comparison.first, comparison.second
    names = [printable(one.customer) for one in (first, second)]
    sizes = [count(one.recordings, "recording") for one in (first, second)]
    rows = table(
        "emotion", "first", "second", "difference", "95 % interval", "", right=("first", "second", "difference")
    )
    for label in LABELS:
        one = comparison.differences[label]
        rows.add_row(
            short_emotion(label),
            percent(first.scores[label].mean),
            percent(second.scores[label].mean),
            *_difference(one),
            _COMPARED[one.verdict],
        )
    return Group(
        Text.assemble(("First   ", "bold"), f"{names[0]}  {sizes[0]}"),
        Text.assemble(("Second  ", "bold"), f"{names[1]}  {sizes[1]}"),
        Text(),
        rows,
        Text(),
        Text.assemble(("Similarity  ", "bold"), f"{comparison.similarity:.3f}", (f"  in {first.nearest_space}", "dim")),
    )


_COMPARED = {"higher": "first higher", "lower": "second higher", "unclear": "no clear difference", "too_few": ""}
_CHANGED = {"higher": "risen", "lower": "fallen", "unclear": "no clear change", "too_few": ""}


def _change(change: Change, zone: tzinfo) -> RenderableType:
    title = Text.assemble(
        ("Change", "bold"),
        f"  {count(change.recordings, 'recording')} since {moment(change.since, zone)} "
        f"against {change.baseline_recordings:,} before",
    )
    if all(one.verdict == "too_few" for one in change.scores.values()):
        return Text.assemble(title, ("  too few recordings to tell", "dim"))
    rows = table("emotion", "difference", "95 % interval", "", right=("difference",))
    for label, one in change.scores.items():
        style = None if one.verdict == "unclear" else "bold"
        rows.add_row(short_emotion(label), *_difference(one), _CHANGED[one.verdict], style=style)
    return Group(title, rows)


def _difference(one: Difference) -> tuple[str, str]:
    """In percent points, with its interval."""
    if one.difference is None or one.low is None or one.high is None:
        return "–", "too few recordings"
    return _points(one.difference), f"{_points(one.low)} – {_points(one.high)}"


def _points(share: float) -> str:
    return f"{share * 100:+.1f}"


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
            in_zone(point.start, zone).strftime("%Y-%m-%d"),
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
