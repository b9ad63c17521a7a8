"""Ingesting what a manifest lists, and saying beforehand what would become of it."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emovec_db.database import Database
from emovec_db.domain.ingest import Forecast, IngestProgress, Outcome
from emovec_db.errors import MissingPartError, QueryError
from emovec_db.services import archives
from tests.sounds import babble, tone, write

from .conftest import PATTERN


def listing(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def outcomes(forecasts: Iterator[Forecast]) -> dict[str, Outcome]:
    return {one.uri.rsplit("/", 1)[1]: one.outcome for one in forecasts}


def test_a_manifest_says_what_to_take_and_what_is_known(database: Database, archive: Path) -> None:
    manifest = listing(
        archive / "calls.jsonl",
        {"uri": "calm/2026-05-01_neutral.wav", "customer": "ann", "recorded_at": "2026-06-01", "queue": 3},
        {"uri": str(archive / "cross" / "2026-05-04_disgusted.wav"), "customer": "bob", "role": "customer"},
    )
    calls = database.collection("calls")
    report = calls.ingest(manifest=manifest)

    assert (report.ingested, report.failed, report.errors) == (2, 0, ())
    second, first = calls.recordings().items
    assert (first.details.customer, first.details.metadata) == ("ann", {"queue": 3})
    assert first.details.recorded_at == datetime(2026, 6, 1, tzinfo=UTC)
    assert (second.details.customer, second.details.role) == ("bob", "customer")
    assert calls.ingest(manifest=manifest).unchanged == 2


def test_rows_go_before_roles_before_the_pattern_before_what_holds_for_all(database: Database, archive: Path) -> None:
    stereo = np.stack([tone(200, 1.0, level=0.4), tone(400, 1.0, level=0.4)], axis=1)
    soundfile.write(archive / "calm" / "2026-05-09_call.wav", stereo, 16_000)
    uri = "calm/2026-05-09_call.wav"
    manifest = listing(
        archive / "calls.jsonl",
        {"uri": uri, "channel": "left", "speaker": "s1"},
        {"uri": uri, "channel": "right", "role": "other", "customer": "ann", "topic": "row"},
    )
    calls = database.collection("calls")
    calls.ingest(
        manifest=manifest,
        customer_from=PATTERN,
        customer="all",
        speaker="all",
        role="customer",
        metadata={"topic": "all", "batch": 7},
        channels=("left", "right"),
        roles={"left": "agent", "right": "agent"},
    )

    left, right = sorted(calls.recordings().items, key=lambda one: one.channel)
    assert (left.details.customer, left.details.speaker, left.details.role) == ("calm", "s1", "agent")
    assert (right.details.customer, right.details.speaker, right.details.role) == ("ann", "all", "other")
    assert left.details.metadata == {"topic": "call", "batch": 7}
    assert right.details.metadata == {"topic": "row", "batch": 7}
    assert left.details.recorded_at == datetime(2026, 5, 9, tzinfo=UTC)


def test_later_rows_update_what_is_known(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive)
    uri = "calm/2026-05-01_neutral.wav"
    report = calls.ingest(manifest=listing(archive / "calls.jsonl", {"uri": uri, "customer": "ann"}))

    assert (report.updated, report.ingested) == (1, 0)
    assert calls.customers() == ("ann",)


def test_rows_that_make_no_sense_are_kept_until_the_manifest_is_mended(database: Database, archive: Path) -> None:
    manifest = archive / "calls.csv"
    good, bad = "calm/2026-05-01_neutral.wav,customer", "calm/2026-05-02_neutral.wav,boss"
    manifest.write_text(f"path,role\n{good}\n{bad}\ncalm/none.wav,customer\n")
    calls = database.collection("calls")

    report = calls.ingest(manifest=manifest)
    assert (report.ingested, report.failed) == (1, 2)
    row = f"{manifest.as_uri()}#line=3"
    assert {error.uri: error.code for error in report.errors} == {
        row: "bad_row",
        (archive / "calm" / "none.wav").as_uri(): "unreadable",
    }
    assert row in {item.uri for item in calls.failures()}

    database.retry_job(database.jobs().items[0].job_id)
    assert database.run_next_job("test") is not None
    assert row in {item.uri for item in calls.failures()}, "a row can't be tried again without its manifest"
    again = calls.ingest(retry_failed=True)
    assert any("1 rows of manifests made no sense" in note for note in again.notes)
    assert row in {item.uri for item in calls.failures()}

    manifest.write_text(f"path,role\n{good}\n{bad.replace('boss', 'agent')}\n")
    assert calls.ingest(manifest=manifest).ingested == 1
    assert row not in {item.uri for item in calls.failures()}


def test_a_mix_and_its_channels_exclude_each_other(database: Database, archive: Path) -> None:
    uri = "calm/2026-05-01_neutral.wav"
    manifest = listing(archive / "calls.jsonl", {"uri": uri}, {"uri": uri, "channel": "left"})
    report = database.collection("calls").ingest(manifest=manifest)

    assert report.ingested == 0
    assert "either mixed or by channels" in report.errors[0].message


def test_what_cant_be_used_is_told_before_anything_is_written(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    (archive / "calls.csv").write_text("sound\na.wav\n")
    with pytest.raises(QueryError, match="no column says where"):
        calls.ingest(manifest=archive / "calls.csv")
    with pytest.raises(QueryError, match="and not both"):
        calls.ingest(archive, manifest=archive / "calls.csv", columns={"uri": "sound"})
    with pytest.raises(QueryError, match="and not both"):
        calls.ingest()
    assert not calls.exists()


def test_work_begins_before_all_is_counted(database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count goes on only once something is stored."""
    count, stored = archives.count, threading.Event()

    def waiting(*arguments: Any) -> Iterator[int]:
        assert stored.wait(60)
        yield from count(*arguments)

    monkeypatch.setattr(archives, "count", waiting)
    totals = []

    def progress(state: IngestProgress) -> None:
        totals.append(state.total)
        stored.set()

    assert database.collection("calls").ingest(archive, progress=progress).ingested == 8
    assert totals[-1] == 8


# dry runs


def test_a_dry_run_says_what_would_be_done_and_does_nothing(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(archive / "calm", customer="ann")
    write(archive / "calm" / "2026-05-01_neutral.wav", babble(1.5, seed=7))
    manifest = archive / "calls.csv"
    rows = [
        "calm/2026-05-01_neutral.wav,ann,customer",
        "calm/2026-05-02_neutral.wav,ann,",
        "calm/2026-05-03_sad.wav,bob,",
        "cross/2026-05-01_angry.wav,eve,customer",
        "cross/none.wav,,",
        "cross/2026-05-02_angry.wav,,boss",
    ]
    manifest.write_text("\n".join(["path,customer,role", *rows]))
    before = dump(database)

    forecasts = list(calls.dry_run(manifest=manifest, metadata={"batch": "7"}, customer_from="{folder}/*"))

    assert outcomes(iter(forecasts)) == {
        "2026-05-01_neutral.wav": Outcome.CHANGED,
        "2026-05-02_neutral.wav": Outcome.UPDATED,
        "2026-05-03_sad.wav": Outcome.UPDATED,
        "2026-05-01_angry.wav": Outcome.NEW,
        "none.wav": Outcome.FAILED,
        "calls.csv#line=7": Outcome.FAILED,
    }
    new = forecasts[3]
    assert (new.details.customer, new.details.role, new.channel) == ("eve", "customer", "mix")
    assert new.details.metadata == {"batch": "7", "folder": "cross"}
    assert "role is 'boss'" in str(forecasts[5].reason)
    assert dump(database) == before


def test_what_a_dry_run_says_is_what_an_ingest_does(database: Database, archive: Path) -> None:
    calls = database.collection("calls")
    told: dict[str, Any] = {"customer_from": PATTERN}
    assert set(outcomes(calls.dry_run(archive, **told)).values()) == {Outcome.NEW}
    assert not calls.exists()
    assert calls.ingest(archive, **told).ingested == 8
    assert set(outcomes(calls.dry_run(archive, **told)).values()) == {Outcome.UNCHANGED}
    (archive / "calm" / "2026-05-03_sad.wav").write_bytes(b"no sound")
    shutil.copy(archive / "calm" / "2026-05-01_neutral.wav", archive / "copy.wav")
    told["metadata"] = {"batch": "7"}

    foreseen = outcomes(calls.dry_run(archive, **told))
    report = calls.ingest(archive, **told)

    assert foreseen["2026-05-03_sad.wav"] is Outcome.CHANGED
    assert foreseen["copy.wav"] is Outcome.NEW
    assert list(foreseen.values()).count(Outcome.UPDATED) == 7
    assert (report.failed, report.updated) == (1, 8), "a copy of what is stored shows only in its bytes"


def test_a_dry_run_is_lazy(database: Database, archive: Path) -> None:
    forecasts = database.collection("calls").dry_run(archive)
    shutil.rmtree(archive / "cross")

    assert len(list(forecasts)) == 4


def dump(database: Database) -> list[str]:
    with sqlite3.connect(database.settings.data_dir / "emovec.db") as connection:
        return list(connection.iterdump())


# real recordings


def test_labels_of_real_recordings(database: Database, shared_data: Path, tmp_path: Path) -> None:
    """Every 20th row of a table as it came with its recordings: speakers are the customers."""
    with (shared_data / "speech" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::20]
    (tmp_path / "recordings").symlink_to(shared_data / "speech")
    for row in rows:
        row["path"] = f"recordings/{row['path']}"
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    speech = database.collection("speech")

    report = speech.ingest(manifest=tmp_path / "labels.csv", columns={"customer": "speaker"})

    assert (report.ingested + report.updated, report.failed) == (len(rows), 0)
    assert len(rows) > 200
    assert speech.customers() == tuple(sorted({row["speaker"] for row in rows}))
    nemo = speech.recordings(customer=rows[-1]["speaker"], limit=1).items[0]
    assert nemo.details.metadata["dataset"] == rows[-1]["dataset"]
    assert nemo.details.speaker == nemo.details.customer


def test_without_pyarrow_parquet_is_refused_before_anything_is_written(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(MissingPartError, match=r"emovec-db\[parquet\]"):
        database.collection("calls").ingest(manifest=tmp_path / "a.parquet")
    assert not database.collection("calls").exists()
