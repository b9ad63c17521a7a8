"""Recordings damaged in many ways: each is taken in or fails with a code. ``python -m benchmarks.damaged`` does 600."""

from __future__ import annotations

from pathlib import Path

import pytest

import emovec_db
from benchmarks.damage import KINDS, bombs, spoil
from emovec_db.errors import RecordingError
from tests.sounds import ENCODINGS, babble, encode

#: what a damaged file may fail with; not decoder_crashed and decode_timeout: none of these is known to break ffmpeg
CODES = {
    kind.code for kind in RecordingError.__subclasses__() if kind.code not in {"decoder_crashed", "decode_timeout"}
}


@pytest.fixture
def originals(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "originals"
    folder.mkdir()
    return [encode(folder / name, babble(1.5)) for name in ENCODINGS]


def test_each_ends_stored_or_failed_with_a_code(tmp_path: Path, originals: list[Path]) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    damaged = [*spoil(originals, archive, 150), *bombs(archive, 0.05)]
    assert {one.kind for one in damaged} > set(KINDS)
    with emovec_db.open(tmp_path / "data", encoder="fake", archive_max_hours=0.04) as database:
        calls = database.collection("calls")
        report = calls.ingest(archive)
        codes = {Path(error.uri).name: error.code for error in report.errors}
        assert set(codes.values()) <= CODES
        assert [codes[f"silence.{suffix}"] for suffix in ("opus", "mp3", "flac", "wav")] == ["too_long"] * 4
        assert report.ingested + report.updated + report.failed == len(damaged)
        # whole files under a wrong name are whole
        assert not [name for name in codes if "whole-suffix" in name]
        stored = {uri for one in calls.recordings(limit=1000).items for uri in one.uris}
        assert len(stored) + len(codes) == len(damaged)
        assert calls.check().consistent
