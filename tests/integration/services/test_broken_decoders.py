"""A recording that breaks its decoder costs that recording, by whatever way it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.bootstrap import build
from emovec_db.database import Database
from emovec_db.domain.job import JobState
from emovec_db.errors import DecoderCrashedError
from emovec_db.settings import read_settings
from tests import broken_decoders
from tests.sounds import babble, write


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    parts = build(read_settings(data_dir=tmp_path / "data", encoder="fake"))
    decoders = DecoderPool(2, timeout_s=1e6, command=broken_decoders.COMMAND)
    with Database(replace(parts, decoders=decoders)) as opened:
        yield opened


@pytest.fixture
def crash(archive: Path) -> Path:
    """Between the others by its name."""
    path = archive / "calm" / "2026-05-02_crash.wav"
    path.write_bytes(broken_decoders.CRASH + b"\n")
    return path


def test_an_ingest_goes_on_and_takes_the_file_when_it_is_mended(database: Database, archive: Path, crash: Path) -> None:
    calls = database.collection("calls")
    report = calls.ingest(archive, roles={"ch1": "agent", "ch0": "other"})
    assert [error.code for error in report.errors if error.uri.endswith("crash.wav")] == ["decoder_crashed"] * 2
    report = calls.ingest(archive)
    assert (report.ingested + report.unchanged, report.failed) == (8, 1)
    assert {item.code for item in calls.failures() if item.uri.endswith("crash.wav")} == {"decoder_crashed"}

    write(crash, babble(1))
    assert calls.ingest(retry_failed=True).ingested == 1


def test_questions_and_uploads_fail_and_the_next_are_answered(database: Database, archive: Path, crash: Path) -> None:
    calls = database.collection("calls")
    good = archive / "calm" / "2026-05-01_neutral.wav"
    calls.ingest(good)
    for ask in (calls.classify, calls.similar, lambda path: calls.compare(good, path), database.classify):
        with pytest.raises(DecoderCrashedError):
            ask(crash)
    assert calls.similar(good)[0].similarity > 0.99

    for content, state in ((crash.read_bytes(), JobState.FAILED), (good.read_bytes(), JobState.DONE)):
        job = calls.upload(BytesIO(content), "call.wav")
        done = database.run_next_job("worker")
        assert done is not None
        assert (done.job_id, done.state) == (job.job_id, state)
