"""`emovec ingest --dry-run`: what would be done, a line per recording, as soon as it is known."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable

from emovec_db.cli.text import count, path_text, printable
from emovec_db.documents import forecast_document
from emovec_db.domain.ingest import Forecast, Outcome
from emovec_db.domain.recording import Details


def print_forecasts(forecasts: Iterable[Forecast], *, as_json: bool) -> int:
    """Write them to stdout; returns how many recordings would fail.

    None is kept in memory, also as JSON: an archive may hold millions.
    """
    counts = _print_json(forecasts) if as_json else _print_lines(forecasts)
    return counts[Outcome.FAILED]


def _print_json(forecasts: Iterable[Forecast]) -> Counter[Outcome]:
    """One document: ``{recordings: […], new, changed, updated, unchanged, refused, failed}``."""
    counts: Counter[Outcome] = Counter()
    sys.stdout.write('{"recordings": [')
    for forecast in forecasts:
        separator = ", " if counts else ""
        counts[forecast.outcome] += 1
        sys.stdout.write(separator + json.dumps(forecast_document(forecast), allow_nan=False, default=str))
    summary = ", ".join(f'"{outcome}": {counts[outcome]}' for outcome in Outcome)
    sys.stdout.write(f"], {summary}}}\n")
    return counts


def _print_lines(forecasts: Iterable[Forecast]) -> Counter[Outcome]:
    """What is unchanged is only counted."""
    counts: Counter[Outcome] = Counter()
    for forecast in forecasts:
        counts[forecast.outcome] += 1
        if forecast.outcome is not Outcome.UNCHANGED:
            sys.stdout.write(f"{_line(forecast)}\n")
    others = [f"{counts[outcome]:,} {outcome}" for outcome in Outcome if counts[outcome]]
    told = f": {', '.join(others)}" if others else ""
    sys.stdout.write(f"{count(counts.total(), 'recording')}{told}. Nothing was written.\n")
    return counts


def _line(forecast: Forecast) -> str:
    channel = "" if forecast.channel == "mix" else f" [{printable(forecast.channel)}]"
    told = forecast.reason or _told(forecast.details)
    return f"{forecast.outcome:<8} {path_text(forecast.uri)}{channel}  {printable(told)}".rstrip()


def _told(details: Details) -> str:
    known = {
        "customer": details.customer,
        "speaker": details.speaker,
        "role": details.role,
        "recorded_at": details.recorded_at.isoformat() if details.recorded_at else None,
        **details.metadata,
    }
    return " ".join(f"{name}={value}" for name, value in known.items() if value is not None)
