"""What a page that shows an archive waits for: pages of its recordings, however sorted and deep, and waveforms.

python -m benchmarks.archive_page

Uses the database of `benchmarks.trajectories` below --out, and writes it where it is absent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import soundfile
from flask.testing import FlaskClient

import emovec_db
from benchmarks import made_up_calls
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.stored import customer_of, parts_of
from emovec_db.api.app import create_app
from emovec_db.database import Database

RECORDINGS = 100_000
PER_PAGE = 50
#: the page that a cursor is followed to
DEEP = 1_000
SHORT_S, LONG_S = 3, 3 * 3600
RATE_HZ = 8_000
ADDRESS = "/v1/collections/default/recordings"


def asked(client: FlaskClient, address: str, **query: Any) -> tuple[float, Any]:
    """Milliseconds and the document that came."""
    began_s = perf_counter()
    answer = client.get(address, query_string=query)
    took_ms = (perf_counter() - began_s) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{address} {query}: {answer.text}")
    return took_ms, answer.json


def cursor_at(client: FlaskClient, page: int, **query: Any) -> str:
    """The cursor to this page, for which the ones before are gone through ten at a time."""
    cursor = None
    for _ in range((page - 1) // 10):
        cursor = asked(client, ADDRESS, limit=10 * PER_PAGE, cursor=cursor, **query)[1]["next_cursor"]
    for _ in range((page - 1) % 10):
        cursor = asked(client, ADDRESS, limit=PER_PAGE, cursor=cursor, **query)[1]["next_cursor"]
    return str(cursor)


def questions(client: FlaskClient, deep: int) -> dict[str, dict[str, Any]]:
    """Queries by what is asked for in words."""
    sorts = ("-recorded_at", "-duration_s", "confidence", "customer")
    return {
        "first page": {},
        **{f"first page, `sort={sort}`": {"sort": sort} for sort in sorts},
        "first page of a customer": {"customer": customer_of(7)},
        "first page of a customer, `sort=-recorded_at`": {"customer": customer_of(7), "sort": "-recorded_at"},
        "first page, `label=fearful`": {"label": "fearful"},
        "first page, `where=angry >= 0.3 and duration_s > 600`": {"where": "angry >= 0.3 and duration_s > 600"},
        f"page {deep:,}": {"cursor": cursor_at(client, deep)},
        **{
            f"page {deep:,}, `sort={sort}`": {"sort": sort, "cursor": cursor_at(client, deep, sort=sort)}
            for sort in ("-recorded_at", "customer")
        },
    }


def page_rows(folder: Path, deep: int, rounds: int) -> list[list[str]]:
    """Questions in turns."""
    with Database(parts_of(folder)) as database:
        client = create_app(database, database.settings).test_client()
        queries = questions(client, deep)
        took_ms: dict[str, list[float]] = {name: [] for name in queries}
        for _ in range(rounds):
            for name, query in queries.items():
                took_ms[name].append(asked(client, ADDRESS, limit=PER_PAGE, **query)[0])
    return [[name, str(Spread.of(each))] for name, each in took_ms.items()]


def waveform_rows(folder: Path, lengths_s: Sequence[int], rounds: int) -> list[list[str]]:
    """By length: that of a stored row, and that of a recording without one, which is decoded first."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    with emovec_db.open(folder / "data", encoder="fake") as database:
        client = create_app(database, database.settings).test_client()
        for seconds in lengths_s:
            noise = np.random.default_rng(seconds).normal(0, 0.1, seconds * RATE_HZ).astype(np.float32)
            file = folder / f"{seconds}.wav"
            soundfile.write(file, noise, RATE_HZ, subtype="PCM_U8")
            database.collection().ingest(file, segmentation="windows")
        for recording in reversed(database.collection().recordings().items):
            address = f"{ADDRESS}/{recording.recording_id}/waveform"
            took_ms = [asked(client, address)[0] for _ in range(rounds)]
            _forget(folder / "data" / "emovec.db", recording.recording_id)
            first_ms, drawn = asked(client, address)
            length = f"{recording.quality.duration_s:,.0f} s"
            rows.append([length, f"{len(drawn['peaks']):,}", str(Spread.of(took_ms)), figure(first_ms)])
    return rows


def _forget(file: Path, recording_id: int) -> None:
    """As if an earlier version had stored the recording."""
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM waveforms WHERE recording_id = ?", (recording_id,))
    connection.close()


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--recordings", type=int, default=RECORDINGS, help=f"made up (default {RECORDINGS})")
    parser.add_argument("--rounds", type=int, default=20, help="of each question (default 20)")
    chosen = parser.parse_args()
    deep, long_s = DEEP, LONG_S
    if chosen.smoke:
        chosen.recordings, chosen.rounds, deep, long_s = 220, 1, 3, 30
    report = Report("archive_page", chosen.out)
    folder = made_up_calls.fill(chosen.out.absolute() / f"tracks-{chosen.recordings}", chosen.recordings)
    pages = page_rows(folder, deep, chosen.rounds)
    waveforms = waveform_rows(chosen.out.absolute() / "waveforms", (SHORT_S, long_s), chosen.rounds)
    tables = [
        table(["question", "ms"], pages),
        table(["recording", "bins", "waveform, ms", "first time, stored without one, ms"], waveforms),
    ]
    report.publish(tables, {"recordings": chosen.recordings, "pages": pages, "waveforms": waveforms})


if __name__ == "__main__":
    main()
